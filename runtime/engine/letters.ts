import type { Reject } from "../../transform/rows.ts";
import type { Batch } from "../component/batch.ts";
import { type Letter, lettersMax } from "../component/dead-letters.ts";
import { Terminal } from "../component/errors.ts";

/** The letters of a batch's rejected records, in parts of at most `lettersMax`. Made when asked for: a part is in memory at a time. */
export function* lettersOf(
  batch: Batch,
  rejects: readonly Reject[],
  { pipeline, schemaVersion }: { pipeline: string; schemaVersion: string },
): Generator<readonly Letter[]> {
  for (let from = 0; from < rejects.length; from += lettersMax) {
    yield rejects.slice(from, from + lettersMax).map(({ ordinal, error }) => ({
      ...batch.origin(ordinal),
      ...batch.original(ordinal),
      pipeline,
      schemaVersion,
      error,
    }));
  }
}

/** Where a rejected record is: `orders/0 offset 17`. */
export function placeOf(batch: Batch, { ordinal }: Reject): string {
  const { topic, partition, offset } = batch.origin(ordinal);
  return `${topic}/${partition} offset ${offset}`;
}

/** What stops a pipeline with `deadLetter: { stop: {} }` at its first rejected record. */
export function recordRejected(batch: Batch, reject: Reject): Terminal {
  return new Terminal(
    "RecordRejected",
    `${placeOf(batch, reject)}: ${reject.error}. Nothing of its batch was loaded, everything before the batch was. ` +
      "Correct the SQL or the declared columns, or set deadLetter to kafka or files, which takes such records and goes on",
  );
}

/** Likewise where the warehouse refused records after it had taken their rows. */
export function recordRejectedLate(batch: Batch, reject: Reject, count: number): Terminal {
  return new Terminal(
    "RecordRejected",
    `${placeOf(batch, reject)}: ${reject.error} (${count} records of its batch; the others are loaded). ` +
      "Correct the SQL or the declared columns, or set deadLetter to kafka or files, which takes such records and goes on",
  );
}
