/** A door that a test shuts and opens. What comes to it while it is shut waits. */
export class Gate {
  #open = Promise.withResolvers<void>();
  #shut = false;
  /** Calls that wait now. */
  waiting = 0;

  shut(): void {
    if (this.#shut) return;
    this.#shut = true;
    this.#open = Promise.withResolvers();
  }

  open(): void {
    this.#shut = false;
    this.#open.resolve();
  }

  /** Passes when the door is open; throws the signal's reason when that comes first. */
  async pass(signal?: AbortSignal): Promise<void> {
    if (!this.#shut) return;
    this.waiting++;
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#open.promise, aborted.promise]);
    } finally {
      this.waiting--;
      signal?.removeEventListener("abort", abort);
    }
  }
}
