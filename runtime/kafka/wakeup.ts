/** Lets one waiter sleep until something happens. What happens while nobody waits is not lost: the next wait ends at once. */
export class Wakeup {
  #happened = false;
  #wake: (() => void) | null = null;

  /** Something happened. */
  wake(): void {
    this.#happened = true;
    this.#wake?.();
  }

  /** Resolves after a `wake`, when the signal aborts, or when time is up (null: never), whichever is first. */
  async wait(signal: AbortSignal, timeoutMs: number | null): Promise<void> {
    if (!this.#happened && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = timeoutMs === null ? undefined : setTimeout(resolve, timeoutMs);
      const stop = () => resolve();
      signal.addEventListener("abort", stop, { once: true });
      await promise;
      signal.removeEventListener("abort", stop);
      clearTimeout(timer);
      this.#wake = null;
    }
    this.#happened = false;
  }
}
