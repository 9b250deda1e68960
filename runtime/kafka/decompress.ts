import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { CorruptRecords } from "./byte-reader.ts";

/** Bytes one record batch may unpack to. A batch is at most a few MB packed; far more is an attack or an accident. */
const unpackedBytesMax = 128 << 20;

/**
 * Unpacks the records of a batch by its codec (1 gzip, 2 snappy, 3 lz4, 4 zstd). Refuses what unpacks to more than
 * `bytesMax` before it takes the memory. Throws CorruptRecords.
 */
export function decompress(codec: number, packed: Buffer, bytesMax: number = unpackedBytesMax): Buffer {
  try {
    switch (codec) {
      case 1:
        return gunzipSync(packed, { maxOutputLength: bytesMax });
      case 2:
        requireAtMost(snappyBytes(packed), bytesMax);
        return compressionsAlgorithms.snappy.decompressSync(packed);
      case 3:
        requireAtMost(lz4BytesAtMost(packed), bytesMax);
        return compressionsAlgorithms.lz4.decompressSync(packed);
      case 4:
        return zstdDecompressSync(packed, { maxOutputLength: bytesMax });
      default:
        throw new CorruptRecords(`the batch's compression ${codec} is none that Kafka has`);
    }
  } catch (cause) {
    if (cause instanceof CorruptRecords) throw cause;
    const tooLarge = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    throw new CorruptRecords(tooLarge ? tooLargeText(bytesMax) : "the batch cannot be decompressed", { cause });
  }
}

function requireAtMost(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw new CorruptRecords(tooLargeText(bytesMax));
}

function tooLargeText(bytesMax: number): string {
  return `the batch unpacks to more than ${bytesMax} bytes`;
}

/** Magic bytes of snappy-java's framing, which Java producers write; others write the bare format. */
const framedSnappy = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** What a snappy stream says it unpacks to. https://github.com/google/snappy/blob/main/format_description.txt */
function snappyBytes(packed: Buffer): number {
  if (!packed.subarray(0, 8).equals(framedSnappy)) return unsigned(packed, 0);
  let total = 0;
  for (let at = 16; at + 4 <= packed.length; at += 4 + packed.readUInt32BE(at)) total += unsigned(packed, at + 4);
  return total;
}

function unsigned(bytes: Buffer, start: number): number {
  let value = 0;
  let factor = 1;
  for (let at = start; at < start + 5 && at < bytes.length; at++) {
    value += (bytes[at]! & 0x7f) * factor;
    if (bytes[at]! < 0x80) return value;
    factor *= 0x80;
  }
  throw new CorruptRecords("the batch cannot be decompressed");
}

/**
 * What an LZ4 frame can unpack to at most: its blocks times the size its header allows a block.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
function lz4BytesAtMost(packed: Buffer): number {
  if (packed.length < 7 || packed.readUInt32LE(0) !== 0x184d_2204) throw new CorruptRecords("the batch cannot be decompressed");
  const flags = packed[4]!;
  const blockBytes = 1 << (8 + 2 * ((packed[5]! >> 4) & 7));
  const checkSum = (flags & 0x10) === 0 ? 0 : 4;
  let total = 0;
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  while (at + 4 <= packed.length) {
    const size = packed.readUInt32LE(at) & 0x7fff_ffff;
    if (size === 0) break;
    total += blockBytes;
    at += 4 + size + checkSum;
  }
  return total;
}
