import type { DeadLetters, Letter } from "../../runtime/component/dead-letters.ts";

/** Different reasons that are counted apart; what comes after them is one sum. A reason may name a value's shape, so they could be many. */
const reasonsMax = 1000;

/** How often each reason was given, the most frequent first. */
export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** Counts why records were rejected, on the letters' way to where they go. */
export class ReasonCounter implements DeadLetters {
  readonly #letters: DeadLetters;
  readonly #counts = new Map<string, number>();

  constructor(letters: DeadLetters) {
    this.#letters = letters;
  }

  async write(letters: readonly Letter[]): Promise<void> {
    await this.#letters.write(letters);
    for (const { error } of letters) {
      const reason = this.#counts.has(error) || this.#counts.size < reasonsMax ? error : "other reasons";
      this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    }
  }

  counts(): readonly ReasonCount[] {
    return [...this.#counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#letters[Symbol.asyncDispose]();
  }
}
