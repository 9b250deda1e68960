/** The account's clock: real time, as far as tests have not moved it. */
export class Clock {
  readonly #real: () => number;
  #aheadMs = 0;

  /** @param real milliseconds since the epoch */
  constructor(real: () => number) {
    this.#real = real;
  }

  readonly now = (): number => this.#real() + this.#aheadMs;

  /** Moves it forward; everything that expires meanwhile has expired. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`clock: it goes forward only, not by ${ms} ms`);
    this.#aheadMs += ms;
  }
}
