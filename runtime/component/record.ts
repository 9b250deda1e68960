import type { ByteWriter } from "./byte-writer.ts";

/**
 * One record as a source shows it to a format: views into bytes that the source owns. A source reuses one object for all
 * its records, so nobody may keep it. A `start` of -1 says there is no such part: a null key, a tombstone's value.
 */
export interface RecordView {
  /** The chunk that the record lies in; what `Batch.original` finds the record in again. */
  chunk: Chunk;
  /** Where the record begins in its chunk, for `Chunk.original`. */
  start: number;
  bytes: Buffer;
  valueStart: number;
  valueEnd: number;
  keyStart: number;
  keyEnd: number;
  /** `_offset`: the Kafka offset, or the row number in a file. */
  offset: number;
  /** `_timestamp`: milliseconds since the epoch. */
  timestampMs: number;
  /** `_partition`: the split's, but for a replayed record, whose own this is. */
  partition: number;
  /** `_topic`: likewise. */
  topic: string;
}

/** Bytes that hold the originals of many records, kept until their batch is done, so that a rejected record can be found again. */
export interface Chunk {
  /** Size in memory, for the batch's bound. */
  readonly byteLength: number;
  /** The record that begins at `start`. Called for rejected records, and for headers where the SQL names `_headers`. */
  original(start: number): Original;
}

/** What the record was, byte by byte. */
export interface Original {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}
/** A record header. A name may stand several times; the order counts. */
export interface Header {
  readonly name: string;
  readonly value: Buffer | null;
}

/**
 * Turns the value of a record into members of a JSON object. Pure but for what it caches (a schema by its id).
 * Every implementation passes test/contract/format.ts.
 */
export interface Format {
  /**
   * Appends the declared columns as `"a":1,"b":null`, without braces; or nothing at all where no column has a value. What it
   * appends can never run into another line: no newline, brackets and strings closed.
   * Returns null when it did, else why it could not, in a sentence without the record's values. What it wrote is then undone.
   */
  encode(record: RecordView, into: ByteWriter): string | null;
  /** Schemas it must fetch before it can `encode` these records: call it when `encode` answered `needsSchema`. */
  prepare?(record: RecordView): Promise<void>;
  /**
   * Present where each file names its fields in its first record: the format for the records below that one, which is given
   * without its line end. A string says why there is none: a declared column is missing.
   */
  withHeader?(header: Buffer): Format | string;
}
/**
 * Name of the header under which a file's record carries the first record of its file (see `Format.withHeader`), so that a
 * dead letter of it can be read again without its file.
 */
export const fileHeaderName = "snowline.file-header";

/** The format for a record that comes without its file, such as a dead letter's. A string says why there is none. */
export function formatOf({ headers }: Original, format: Format): Format | string {
  const header = headers.find(({ name }) => name === fileHeaderName)?.value;
  return header === undefined || header === null ? format : (format.withHeader?.(header) ?? format);
}

/** `encode`'s answer when it first has to `prepare`: nothing is wrong with the record. */
export const needsSchema = "needs a schema that is not here yet";
