import { type Letter, replaysOf } from "./dead-letters.ts";
import { Terminal } from "./errors.ts";

/** Letters that can be told apart in bounded memory (about 100 MB). */
const lettersMax = 2_000_000;

/**
 * What the letters that a replay has met were about. One that was written twice is about one record; one whose record was replayed and refused again
 * is about another replay of it.
 */
export class SeenLetters {
  readonly #offsets = new Map<string, Set<number>>();
  readonly #where: string;
  #count = 0;

  /** `where` completes the error: `in one partition. Delete …`. It says what to do. */
  constructor(where: string) {
    this.#where = where;
  }

  /** True the first time. Throws Terminal beyond the bound. */
  add(letter: Letter): boolean {
    const stream = JSON.stringify([letter.topic, letter.partition, replaysOf(letter)]);
    let offsets = this.#offsets.get(stream);
    if (offsets === undefined) this.#offsets.set(stream, (offsets = new Set()));
    if (offsets.has(letter.offset)) return false;
    if (++this.#count > lettersMax) {
      throw new Terminal("TooManyLetters", `dead letters: more than ${lettersMax} ${this.#where}`);
    }
    offsets.add(letter.offset);
    return true;
  }
}
