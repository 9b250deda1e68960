/** Time as requests need it. The machine's own, and those of tests, come in as arguments. */
export interface Timing {
  /** Milliseconds since some moment, for durations. It never jumps, and all threads of a process read the same. */
  monotonic(): number;
  /** Calls once after the delay, in milliseconds (25 days at most); the answer takes it back. */
  after(delayMs: number, call: () => void): () => void;
}

/** Resolves after the delay, or at once when the signal is aborted: the caller looks at the signal. */
export function sleep(timing: Pick<Timing, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = timing.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
