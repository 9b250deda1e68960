import { createHash } from "node:crypto";
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

/**
 * Name of the header that a replay adds to a record: how often it was replayed, in decimal digits. A replayed record that is
 * refused again makes a letter with it, which is so told from a mere repetition of the first letter.
 */
const replaysHeaderName = "snowline.replays";

/** How often the record was replayed before it became this letter. */
function replaysOf({ headers }: Original): number {
  const value = headers.findLast(({ name }) => name === replaysHeaderName)?.value;
  return value === undefined || value === null ? 0 : Number(value.toString("latin1"));
}

/**
 * Tells letters apart by what they are about: the same for a letter that is written twice, whatever the error says, and another
 * one for a record of a topic that was made anew, or one that was replayed and refused again. 32 bytes.
 */
export function letterDigest(letter: Letter): Buffer {
  const { pipeline, topic, partition, offset, timestampMs, key, value } = letter;
  const place = [pipeline, topic, partition, offset, timestampMs, replaysOf(letter), key?.length ?? null, value?.length ?? null];
  const digest = createHash("sha256").update(JSON.stringify(place));
  for (const part of [key, value]) if (part !== null) digest.update(part);
  return digest.digest();
}

/** The letter's record as a replay shows it. */
export function replayed(letter: Original): Original {
  const headers = letter.headers.filter(({ name }) => name !== replaysHeaderName);
  const count = Buffer.from(String(replaysOf(letter) + 1));
  return { key: letter.key, value: letter.value, headers: [...headers, { name: replaysHeaderName, value: count }] };
}
