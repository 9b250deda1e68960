/** Longest delay that a timer of Node takes, in milliseconds; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** Time as the control loop sees it. Tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch, for what is shown and stored. It may jump. */
  now(): number;
  /** Milliseconds since some moment, for durations. It never jumps, and all threads of a process read the same. */
  monotonic(): number;
  /** Calls once after the delay, in milliseconds (25 days at most); the answer takes it back. */
  after(delayMs: number, call: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // performance.now() begins anew in each thread.
  monotonic: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  after: (delayMs, call) => {
    const timer = setTimeout(call, Math.min(delayMs, timerMsMax));
    return () => clearTimeout(timer);
  },
};

/** Resolves after the delay, or at once when the signal is aborted: the caller looks at the signal. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
