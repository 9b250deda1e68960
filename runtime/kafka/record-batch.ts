import { crc32c } from "@node-rs/crc32";
import { CorruptRecords } from "./byte-reader.ts";

/** The header of a record batch, format 2. https://kafka.apache.org/documentation/#recordbatch */
export interface RecordBatch {
  readonly baseOffset: number;
  /** The offset after the batch, also where compaction has removed its last records. Always above `baseOffset`. */
  readonly nextOffset: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** True: all records have the time the broker appended them, `maxTimestampMs`. */
  readonly logAppendTime: boolean;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly compression: number;
  readonly transactional: boolean;
  /** True: it holds a transaction's marker, no records for readers. */
  readonly control: boolean;
  readonly producerId: number;
  /** Records in it. */
  readonly count: number;
  /** Where the batch, its records and the next batch begin. */
  readonly start: number;
  readonly recordsStart: number;
  readonly end: number;
}

/** Bytes of the offset and length in front of each batch. */
const lengthEnd = 12;
const headerBytes = 61;
const attributesAt = 21;
/** Brokers refuse far smaller ones (`message.max.bytes` is 1 MiB at first): a longer one is a flipped bit. */
const batchBytesMax = 256 << 20;

/**
 * Reads the header of the batch at `start`. Null: the batch goes on after `limit`, because a fetch ends anywhere; then
 * `batchBytes` tells how long it is. Throws CorruptRecords where it cannot be a batch.
 */
export function readBatch(bytes: Buffer, start: number, limit: number): RecordBatch | null {
  const length = batchBytes(bytes, start, limit);
  if (length === null || start + length > limit) return null;
  const magic = bytes[start + 16]!;
  if (magic !== 2) throw new CorruptRecords(`the batch has format ${magic}, not 2; formats of brokers before 0.11 are not read`);
  const attributes = bytes.readInt16BE(start + attributesAt);
  const lastOffsetDelta = bytes.readInt32BE(start + 23);
  const count = bytes.readInt32BE(start + 57);
  const baseOffset = int64(bytes, start);
  if (lastOffsetDelta < 0 || count < 0 || baseOffset < 0)
    throw new CorruptRecords("the batch's header has a negative offset or count");
  return {
    baseOffset,
    nextOffset: baseOffset + lastOffsetDelta + 1,
    baseTimestampMs: int64(bytes, start + 27),
    maxTimestampMs: int64(bytes, start + 35),
    logAppendTime: (attributes & 0x08) !== 0,
    compression: attributes & 0x07,
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
    producerId: int64(bytes, start + 43),
    count,
    start,
    recordsStart: start + headerBytes,
    end: start + length,
  };
}

/** The whole length of the batch at `start`, or null where not even that is there. Throws CorruptRecords. */
export function batchBytes(bytes: Buffer, start: number, limit: number): number | null {
  if (limit - start < lengthEnd) return null;
  const length = bytes.readInt32BE(start + 8) + lengthEnd;
  if (length < headerBytes || length > batchBytesMax) throw new CorruptRecords(`the batch's length of ${length} bytes cannot be`);
  return length;
}

/** Throws CorruptRecords unless the batch's bytes are those its writer made the check sum of (CRC-32C). */
export function checkBatch(bytes: Buffer, { start, end }: RecordBatch): void {
  const stated = bytes.readUInt32BE(start + 17);
  const actual = crc32c(bytes.subarray(start + attributesAt, end));
  if (stated !== actual)
    throw new CorruptRecords(`the batch's check sum is ${actual.toString(16)}, its header says ${stated.toString(16)}`);
}

/** Two's complement; exact up to 2^53, which offsets never reach. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
