import { type Letter, letterDigest } from "./dead-letters.ts";
import { Terminal } from "./errors.ts";

/** Letters that can be told apart in bounded memory (about 100 MB). */
const lettersMax = 2_000_000;
/** Of a letter's digest: two of so many letters are alike with a probability below 10^-25. */
const digestBytes = 16;

/**
 * What the letters that a replay has met were about. One that was written twice is about one record; one whose record was replayed
 * and refused again is about another replay of it, and one of a topic that was made anew about another record.
 */
export class SeenLetters {
  readonly #digests = new Set<string>();
  readonly #where: string;

  /** `where` completes the error: `in one partition. Delete …`. It says what to do. */
  constructor(where: string) {
    this.#where = where;
  }

  /** True the first time. Throws Terminal beyond the bound. */
  add(letter: Letter): boolean {
    const digest = letterDigest(letter).toString("latin1", 0, digestBytes);
    if (this.#digests.has(digest)) return false;
    if (this.#digests.size >= lettersMax) {
      throw new Terminal("TooManyLetters", `dead letters: more than ${lettersMax} ${this.#where}`);
    }
    this.#digests.add(digest);
    return true;
  }
}
