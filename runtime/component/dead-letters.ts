import type { Original } from "./record.ts";
import type { Origin } from "./batch.ts";

/** A record that could not become a row. Keyed by its origin: a repeated letter is recognisable. */
export interface Letter extends Origin, Original {
  /** `namespace/name`. */
  readonly pipeline: string;
  /** Which version of the pipeline refused it: 12 hex digits of the compiled pipeline's digest. */
  readonly schemaVersion: string;
  /** Why, in a sentence. */
  readonly error: string;
}

/** Where dead letters go. At least once. Every implementation passes test/contract/dead-letters.ts. */
export interface DeadLetters extends AsyncDisposable {
  /** Resolves when all the letters are durable. At most `lettersMax` a call. Throws NotConnected and Terminal. */
  write(letters: readonly Letter[]): Promise<void>;
}
/** Letters in one call, so that a batch of nothing but rejects stays bounded in memory. */
export const lettersMax = 1000;
