/** Requests of each channel in the last second. */
export class Throttle {
  readonly #now: () => number;
  /** Tests change it; null: any number. */
  requestsPerSecond: number | null;
  readonly #seconds = new Map<string, { readonly second: number; readonly requests: number }>();

  constructor(now: () => number, requestsPerSecond: number | null) {
    this.#now = now;
    this.requestsPerSecond = requestsPerSecond;
  }

  /** Counts a request; false where it is one too many. */
  pass(channel: string): boolean {
    if (this.requestsPerSecond === null) return true;
    const second = Math.floor(this.#now() / 1000);
    const counted = this.#seconds.get(channel);
    const requests = counted?.second === second ? counted.requests + 1 : 1;
    this.#seconds.set(channel, { second, requests });
    return requests <= this.requestsPerSecond;
  }
}
