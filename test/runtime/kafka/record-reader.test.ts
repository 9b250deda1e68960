import { randomInt } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { Batch } from "../../../runtime/component/batch.ts";
import type { RecordView } from "../../../runtime/component/record.ts";
import type { AbortedTransaction } from "../../../runtime/kafka/aborted-transactions.ts";
import { ByteReader, CorruptRecords } from "../../../runtime/kafka/byte-reader.ts";
import { decompress } from "../../../runtime/kafka/decompress.ts";
import { checkBatch, readBatch } from "../../../runtime/kafka/record-batch.ts";
import { RecordChunk } from "../../../runtime/kafka/record-chunk.ts";
import { RecordReader } from "../../../runtime/kafka/record-reader.ts";
import { buildBatch, buildMarker, type BuiltRecord, varint } from "./batch-builder.ts";

const chunk = new RecordChunk(Buffer.alloc(0));
const newView = (): RecordView => ({
  chunk,
  start: 0,
  bytes: chunk.bytes,
  valueStart: -1,
  valueEnd: -1,
  keyStart: -1,
  keyEnd: -1,
  offset: 0,
  timestampMs: 0,
  partition: 0,
  topic: "",
});
const record = (offset: number, text = `r${offset}`): BuiltRecord => ({ offset, value: Buffer.from(text) });
const records = (from: number, to: number): readonly BuiltRecord[] =>
  Array.from({ length: to - from }, (_, index) => record(from + index));

interface Found {
  readonly offsets: readonly number[];
  readonly values: readonly (string | null)[];
  readonly next: number;
}

function readAll(bytes: Buffer, from = 0, aborted: readonly AbortedTransaction[] = []): Found {
  const reader = new RecordReader({ bytes, end: bytes.length, aborted, from });
  const view = newView();
  const offsets: number[] = [];
  const values: (string | null)[] = [];
  while (reader.next(view)) {
    offsets.push(view.offset);
    values.push(view.valueStart < 0 ? null : view.bytes.toString("utf8", view.valueStart, view.valueEnd));
  }
  return { offsets, values, next: reader.nextOffset };
}

describe("the record reader", () => {
  test.each([
    ["all from the beginning", 0, [0, 1, 2, 3, 4, 5], 6],
    ["from the middle of a batch", 2, [2, 3, 4, 5], 6],
    ["from the first of a batch", 3, [3, 4, 5], 6],
    ["nothing from the end", 6, [], 6],
  ])("shows %s", (_what, from, offsets, next) => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, records: records(0, 3) }),
      buildBatch({ baseOffset: 3, records: records(3, 6) }),
    ]);
    expect(readAll(bytes, from)).toMatchObject({ offsets, next });
  });

  test("goes over what compaction removed: in a batch, at its end, and whole batches", () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, lastOffset: 9, records: [record(2), record(5)] }),
      buildBatch({ baseOffset: 20, lastOffset: 29, records: [] }),
      buildBatch({ baseOffset: 40, records: [record(40)] }),
    ]);
    expect(readAll(bytes)).toMatchObject({ offsets: [2, 5, 40], next: 41 });
    expect(readAll(bytes.subarray(0, bytes.length), 6)).toMatchObject({ offsets: [40], next: 41 });
  });

  test("tells keys, headers, tombstones and times", () => {
    const built = {
      offset: 7,
      key: Buffer.from("k"),
      value: null,
      timestampMs: 5000,
      headers: [
        ["a", Buffer.from("1")],
        ["a", null],
      ],
    } as const;
    const bytes = buildBatch({ baseOffset: 5, records: [{ ...record(5), timestampMs: 9000 }, built] });
    const reader = new RecordReader({ bytes, end: bytes.length, aborted: [], from: 7 });
    const view = newView();
    expect(reader.next(view)).toBe(true);
    expect([view.timestampMs, view.valueStart, view.bytes.toString("utf8", view.keyStart, view.keyEnd)]).toEqual([5000, -1, "k"]);
    expect(view.chunk.original(view.start)).toEqual({
      key: Buffer.from("k"),
      value: null,
      headers: [
        { name: "a", value: Buffer.from("1") },
        { name: "a", value: null },
      ],
    });
  });

  test.each([2n ** 53n, 2n ** 62n, -(2n ** 62n)])(
    "shows a time of %d as the nearest that is exact, so that it is refused",
    (timestamp) => {
      const bytes = buildBatch({ baseOffset: 0, records: [record(0)] });
      bytes.writeBigInt64BE(timestamp, 27);
      const reader = new RecordReader({ bytes, end: bytes.length, aborted: [], from: 0 });
      const view = newView();
      expect(reader.next(view)).toBe(true);
      expect(view.timestampMs).toBe(timestamp > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
      const batch = new Batch(["_timestamp"], { bytesMax: 1000, recordsMax: 10 });
      expect(batch.append(view, { encode: () => null })).toBe(true);
      expect(batch.rejects).toEqual([{ ordinal: 0, error: expect.stringContaining("timestamp: out of range") }]);
    },
  );

  const transactional = (producerId: number, from: number, to: number) =>
    buildBatch({ baseOffset: from, records: records(from, to), producerId, transactional: true });
  test.each<[string, readonly Buffer[], readonly AbortedTransaction[], readonly number[]]>([
    [
      "hides an aborted transaction and its marker",
      [transactional(1, 0, 2), buildMarker(2, 1, "abort"), transactional(1, 3, 5), buildMarker(5, 1, "commit")],
      [{ producerId: 1, firstOffset: 0 }],
      [3, 4],
    ],
    [
      "shows the producer's next transaction, and hides the one after it",
      [
        transactional(1, 0, 1),
        buildMarker(1, 1, "abort"),
        transactional(1, 2, 3),
        buildMarker(3, 1, "commit"),
        transactional(1, 4, 5),
        buildMarker(5, 1, "abort"),
      ],
      [
        { producerId: 1, firstOffset: 4 },
        { producerId: 1, firstOffset: 0 },
      ],
      [2],
    ],
    [
      "hides one whose marker is not in the range",
      [transactional(1, 0, 2), transactional(1, 2, 4)],
      [{ producerId: 1, firstOffset: 0 }],
      [],
    ],
    [
      "hides the end of one that began before the range",
      [transactional(1, 10, 12), buildMarker(12, 1, "abort"), transactional(1, 13, 14)],
      [{ producerId: 1, firstOffset: 3 }],
      [13],
    ],
    [
      "shows other producers' records between",
      [
        transactional(1, 0, 1),
        transactional(2, 1, 2),
        buildBatch({ baseOffset: 2, records: records(2, 3) }),
        buildMarker(3, 2, "commit"),
        buildMarker(4, 1, "abort"),
      ],
      [{ producerId: 1, firstOffset: 0 }],
      [1, 2],
    ],
    [
      "takes no other producer's marker for the end",
      [transactional(1, 0, 1), buildMarker(1, 2, "abort"), transactional(1, 2, 3)],
      [
        { producerId: 1, firstOffset: 0 },
        { producerId: 2, firstOffset: 0 },
      ],
      [],
    ],
  ])("%s", (_what, batches, aborted, offsets) => {
    const bytes = Buffer.concat([...batches]);
    const last = readBatch(batches.at(-1)!, 0, batches.at(-1)!.length)!;
    expect(readAll(bytes, 0, aborted)).toMatchObject({ offsets, next: last.nextOffset });
  });
});

describe("the check of a record batch", () => {
  test("finds every single flipped bit behind the check sum", () => {
    const batch = buildBatch({ baseOffset: 3, records: records(3, 6) });
    expect(() => checkBatch(batch, readBatch(batch, 0, batch.length)!)).not.toThrow();
    for (let at = 21; at < batch.length; at++) {
      const flipped = Buffer.from(batch);
      flipped[at]! ^= 1 << (at % 8);
      const check = () => checkBatch(flipped, readBatch(flipped, 0, flipped.length)!);
      expect(check, `byte ${at}`).toThrow(CorruptRecords);
    }
  });

  test("says what is cut is not there yet, and what cannot be is corrupt", () => {
    const batch = buildBatch({ baseOffset: 0, records: records(0, 3) });
    for (let length = 0; length < batch.length; length++) expect(readBatch(batch.subarray(0, length), 0, length)).toBeNull();
    const old = Buffer.from(batch);
    old[16] = 1;
    expect(() => readBatch(old, 0, old.length)).toThrow(/format 1/);
    for (const length of [-1, 0, 48, 0x7fff_fff0]) {
      const wrong = Buffer.from(batch);
      wrong.writeInt32BE(length, 8);
      expect(() => readBatch(wrong, 0, wrong.length)).toThrow(CorruptRecords);
    }
  });
});

describe("unpacking", () => {
  const codecs: readonly (readonly [string, number, (bytes: Buffer) => Buffer])[] = [
    ["gzip", 1, (bytes) => gzipSync(bytes)],
    ["snappy", 2, (bytes) => compressionsAlgorithms.snappy.compressSync(bytes)],
    ["snappy as Java frames it", 2, framedSnappy],
    ["lz4", 3, (bytes) => compressionsAlgorithms.lz4.compressSync(bytes)],
    ["zstd", 4, (bytes) => zstdCompressSync(bytes)],
  ];

  test.each(codecs)("%s gives the bytes back", (_name, codec, compress) => {
    for (const size of [0, 1, 1000, 300_000]) {
      const plain = Buffer.alloc(size, "abcdefg");
      expect(decompress(codec, compress(plain)).equals(plain)).toBe(true);
    }
  });

  test.each(codecs)("%s refuses what would not fit, before it takes the memory", (_name, codec, compress) => {
    const packed = compress(Buffer.alloc(5_000_000));
    expect(() => decompress(codec, packed, 1_000_000)).toThrow(/more than 1000000 bytes/);
    expect(decompress(codec, packed, 10_000_000)).toHaveLength(5_000_000);
  });

  test("a codec that Kafka does not have is corrupt", () => {
    expect(() => decompress(5, Buffer.alloc(10))).toThrow(CorruptRecords);
  });

  test.each(codecs)("%s of damaged bytes ends in CorruptRecords or in bytes", (_name, codec, compress) => {
    const seed = process.env["SEED"] === undefined ? randomInt(2 ** 31) : Number(process.env["SEED"]);
    const random = randomFrom(seed);
    const packed = compress(Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 50)));
    for (let round = 0; round < 200; round++) {
      const damaged = damage(packed, random);
      try {
        decompress(codec, damaged, 1 << 20);
      } catch (error) {
        expect(error, `SEED=${seed}`).toBeInstanceOf(CorruptRecords);
      }
    }
  });

  /** As snappy-java writes: a header, then chunks with their lengths. */
  function framedSnappy(bytes: Buffer): Buffer {
    const parts: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1])];
    for (let at = 0; at < bytes.length; at += 32_768) {
      const packed = compressionsAlgorithms.snappy.compressSync(bytes.subarray(at, at + 32_768));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(packed.length);
      parts.push(length, packed);
    }
    return Buffer.concat(parts);
  }
});

describe("damaged record batches", () => {
  test("end in records or in CorruptRecords, and never hang, in 20,000 tries", () => {
    const seed = process.env["SEED"] === undefined ? randomInt(2 ** 31) : Number(process.env["SEED"]);
    const random = randomFrom(seed);
    const whole = Buffer.concat([
      buildBatch({ baseOffset: 0, records: records(0, 20) }),
      buildBatch({ baseOffset: 20, records: records(20, 40), producerId: 7, transactional: true }),
      buildMarker(40, 7, "abort"),
      buildBatch({ baseOffset: 41, records: records(41, 60), codec: 4, compress: (bytes) => zstdCompressSync(bytes) }),
    ]);
    for (let round = 0; round < 20_000; round++) {
      const bytes = damage(whole, random);
      try {
        const reader = new RecordReader({ bytes, end: bytes.length, aborted: [{ producerId: 7, firstOffset: 20 }], from: 0 });
        const view = newView();
        let shown = 0;
        // The count is part of the damage: what it promises is bounded by the bytes there are.
        while (reader.next(view)) {
          shown++;
          view.chunk.original(view.start);
        }
        expect(shown, `SEED=${seed}`).toBeLessThanOrEqual(whole.length);
      } catch (error) {
        expect(error, `SEED=${seed} round ${round}`).toBeInstanceOf(CorruptRecords);
      }
    }
  });

  test.each([0, 1, -1, 63, 64, -64, 8191, 2 ** 31, -(2 ** 31), 2 ** 50, -(2 ** 50)])("the varint of %d is read back", (value) => {
    const bytes = varint(value);
    expect(new ByteReader(bytes, 0, bytes.length).varint()).toBe(value);
  });

  test("a varint that does not end is corrupt", () => {
    expect(() => new ByteReader(Buffer.alloc(20, 0xff), 0, 20).varint()).toThrow(CorruptRecords);
    expect(() => new ByteReader(Buffer.alloc(3, 0xff), 0, 3).varint()).toThrow(CorruptRecords);
  });
});

/** Mulberry32: a seed replays. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Flips bits, cuts off, or both. */
function damage(whole: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(whole);
  for (let flips = Math.floor(random() * 5); flips >= 0; flips--)
    bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  return random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}
