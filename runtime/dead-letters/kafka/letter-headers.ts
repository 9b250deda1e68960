import type { Letter } from "../../component/dead-letters.ts";
import type { Header } from "../../component/record.ts";

/**
 * The headers that make a record a letter. They come after the original's own, always all and in this order, so that the
 * original's stay as they were even where it was a letter itself.
 */
const names = [
  "snowline.topic",
  "snowline.partition",
  "snowline.offset",
  "snowline.timestamp",
  "snowline.error",
  "snowline.pipeline",
  "snowline.schema-version",
] as const;

/** The headers of the letter's record. The timestamp is in milliseconds since the epoch. */
export function letterHeaders(letter: Letter): Header[] {
  const { topic, partition, offset, timestampMs, error, pipeline, schemaVersion } = letter;
  const values = [topic, partition, offset, timestampMs, error, pipeline, schemaVersion];
  return [...letter.headers, ...names.map((name, at) => ({ name, value: Buffer.from(String(values[at])) }))];
}

/** What a letter says besides its key and value. */
export type LetterHeaders = Omit<Letter, "key" | "value">;

/** The letter that a record with these headers is, with the original's own headers; null where the record is no letter. */
export function readLetterHeaders(headers: readonly Header[]): LetterHeaders | null {
  const ours = headers.slice(-names.length);
  if (!names.every((name, at) => ours[at]?.name === name && ours[at].value !== null)) return null;
  const [topic, partition, offset, timestamp, error, pipeline, schemaVersion] = ours.map(({ value }) => value!.toString("utf8"));
  const numbers = [Number(partition), Number(offset), Number(timestamp)] as const;
  if (!Number.isSafeInteger(numbers[0]) || !Number.isSafeInteger(numbers[1]) || !Number.isFinite(numbers[2])) return null;
  return {
    topic: topic!,
    partition: numbers[0],
    offset: numbers[1],
    timestampMs: numbers[2],
    error: error!,
    pipeline: pipeline!,
    schemaVersion: schemaVersion!,
    headers: headers.slice(0, -names.length),
  };
}
