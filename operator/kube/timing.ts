/** Time as requests need it. The machine's own, and those of tests, come in as arguments. */
export interface Timing {
  /** Milliseconds since some moment. It never jumps. */
  monotonic(): number;
  /** Calls once after the delay, in milliseconds; the answer takes it back. */
  after(delayMs: number, call: () => void): () => void;
}

/** Resolves after the delay, or at once when the signal is aborted: the caller looks at the signal. */
export function pause(timing: Timing, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = timing.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** A signal that ends with another or when it is told to; disposing of it lets go of the other, which may live as long as the process. */
export interface Limit extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
}

/** A limit under `signal`, if there is one. */
export function limitUnder(signal: AbortSignal | undefined): Limit {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) follow();
  else signal?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => signal?.removeEventListener("abort", follow),
  };
}
