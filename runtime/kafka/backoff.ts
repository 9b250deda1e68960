/** First and longest pause between attempts: a leader election takes a few hundred milliseconds, a broker's restart many seconds. */
const firstMs = 100;
const longestMs = 3000;

/** Pauses that double while attempts fail. */
export class Backoff {
  #nextMs = firstMs;

  /** How long to pause now. */
  next(): number {
    const pause = this.#nextMs;
    this.#nextMs = Math.min(pause * 2, longestMs);
    return pause;
  }

  /** It worked. */
  reset(): void {
    this.#nextMs = firstMs;
  }
}
