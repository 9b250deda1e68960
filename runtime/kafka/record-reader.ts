import type { RecordView } from "../component/record.ts";
import { type AbortedTransaction, AbortedTransactions } from "./aborted-transactions.ts";
import { ByteReader, CorruptRecords } from "./byte-reader.ts";
import { decompress } from "./decompress.ts";
import { readBatch, type RecordBatch } from "./record-batch.ts";
import { RecordChunk } from "./record-chunk.ts";

/** Record batches of one partition as a fetch brought them, whole ones only. */
export interface FetchedRecords {
  readonly bytes: Buffer;
  /** End of the last whole batch. */
  readonly end: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Records before this offset are passed over: a fetch brings the whole batch its offset lies in. */
  readonly from: number;
}

/**
 * Walks over the records of a fetched range that a reader may see: committed, from `from` on. It makes objects per batch,
 * none per record. Compacted offsets, aborted transactions and their markers only show in `nextOffset`.
 */
export class RecordReader {
  readonly #fetched: FetchedRecords;
  readonly #aborted: AbortedTransactions;
  /** Shared by all batches that are not compressed. */
  readonly #plain: RecordChunk;
  readonly #reader: ByteReader;
  #batch: RecordBatch | null = null;
  #chunk: RecordChunk;
  #rest = 0;
  #at = 0;
  #next: number;

  constructor(fetched: FetchedRecords) {
    this.#fetched = fetched;
    this.#aborted = new AbortedTransactions(fetched.aborted);
    this.#plain = new RecordChunk(fetched.bytes);
    this.#chunk = this.#plain;
    this.#reader = new ByteReader(fetched.bytes, 0, 0);
    this.#next = fetched.from;
  }

  /** The offset to go on from after what was read so far. Never goes back. */
  get nextOffset(): number {
    return this.#next;
  }

  /** Shows the next record; false at the end. After CorruptRecords the reader is of no more use. */
  next(view: RecordView): boolean {
    for (;;) {
      while (this.#rest > 0) {
        this.#rest--;
        if (this.#show(view)) return true;
      }
      if (this.#batch !== null) this.#next = Math.max(this.#next, this.#batch.nextOffset);
      if (!this.#open()) return false;
    }
  }

  /** One record; false where it lies before the wanted offset. */
  #show(view: RecordView): boolean {
    const reader = this.#reader;
    const batch = this.#batch!;
    const start = reader.at;
    const length = reader.varint();
    const end = reader.at + length;
    if (length < 0 || end > reader.end) throw new CorruptRecords("a record runs past the end of its batch");
    reader.skip(1);
    const timestampDelta = reader.varint();
    const offset = batch.baseOffset + reader.varint();
    const keyLength = reader.varint();
    const keyStart = reader.at;
    if (keyLength > 0) reader.skip(keyLength);
    const valueLength = reader.varint();
    const valueStart = reader.at;
    if (valueLength > 0) reader.skip(valueLength);
    if (reader.at > end) throw new CorruptRecords("a record's key and value are longer than the record");
    reader.at = end;
    if (offset >= batch.nextOffset) throw new CorruptRecords("a record's offset lies after its batch");
    if (offset < this.#next) return false;
    this.#next = offset + 1;
    view.chunk = this.#chunk;
    view.start = start;
    view.bytes = reader.bytes;
    view.keyStart = keyLength < 0 ? -1 : keyStart;
    view.keyEnd = keyLength < 0 ? -1 : keyStart + keyLength;
    view.valueStart = valueLength < 0 ? -1 : valueStart;
    view.valueEnd = valueLength < 0 ? -1 : valueStart + valueLength;
    view.offset = offset;
    view.timestampMs = clamped(batch.logAppendTime ? batch.maxTimestampMs : batch.baseTimestampMs + timestampDelta);
    return true;
  }

  /** Goes to the next batch; false at the end. */
  #open(): boolean {
    const { bytes, end } = this.#fetched;
    const batch = readBatch(bytes, this.#at, end);
    if (batch === null) {
      this.#batch = null;
      return false;
    }
    const hidden = this.#aborted.hides(batch, () => this.#isAbortMarker(batch));
    if (!hidden) this.#unpack(batch);
    this.#batch = batch;
    this.#rest = hidden || batch.nextOffset <= this.#fetched.from ? 0 : batch.count;
    this.#at = batch.end;
    return true;
  }

  #unpack(batch: RecordBatch): void {
    const { bytes } = this.#fetched;
    const packed = batch.compression !== 0;
    this.#chunk = packed
      ? new RecordChunk(decompress(batch.compression, bytes.subarray(batch.recordsStart, batch.end)))
      : this.#plain;
    this.#reader.bytes = this.#chunk.bytes;
    this.#reader.at = packed ? 0 : batch.recordsStart;
    this.#reader.end = packed ? this.#chunk.bytes.length : batch.end;
  }

  /** A control record's key is its version and type, 16 bits each; type 0 is an abort, 1 a commit. */
  #isAbortMarker(batch: RecordBatch): boolean {
    if (batch.count === 0) return false;
    this.#unpack(batch);
    const { key } = this.#chunk.original(this.#reader.at);
    if (key === null || key.length < 4) throw new CorruptRecords("a transaction's marker has no type");
    return key.readInt16BE(2) === 0;
  }
}

/** Producers may write any 64 bits. A batch refuses the outermost safe integers as well, so that what was clamped is seen. */
function clamped(timestampMs: number): number {
  return Math.min(Math.max(timestampMs, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
