import { describe, expect, it } from "vitest";
import { Batch } from "../../../runtime/component/batch.ts";
import { type Format, type Header, needsSchema, type RecordView } from "../../../runtime/component/record.ts";
import { type MetaColumn, metaColumns } from "../../../transform/column.ts";

const bounds = { bytesMax: 1000, recordsMax: 10_000 };

interface Shown {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly Header[];
  readonly offset?: number;
  readonly topic?: string;
  readonly timestampMs?: number;
  /** Size of its chunk, where it is not key and value alone. */
  readonly chunkBytes?: number;
}

/** A record alone in its chunk. */
function shown(record: Shown = {}): RecordView {
  const { key = null, value = Buffer.from("v"), headers = [], offset = 0, topic = "orders" } = record;
  const bytes = Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]);
  const keyEnd = key?.length ?? 0;
  return {
    chunk: { byteLength: record.chunkBytes ?? bytes.length, original: () => ({ key, value, headers }) },
    start: 0,
    bytes,
    keyStart: key === null ? -1 : 0,
    keyEnd: key === null ? -1 : keyEnd,
    valueStart: value === null ? -1 : keyEnd,
    valueEnd: value === null ? -1 : bytes.length,
    offset,
    timestampMs: record.timestampMs ?? 1_767_225_600_000 + offset,
    partition: 3,
    topic,
  };
}

/** Takes the value as it is for the members; `!` is refused halfway, `?` waits for a schema. */
const plain: Format = {
  encode(record, into) {
    const text = record.valueStart < 0 ? "" : record.bytes.toString("utf8", record.valueStart, record.valueEnd);
    into.utf8(text === "v" ? '"a":1' : text);
    if (text === "?") return needsSchema;
    return text === "!" ? "it is spoilt" : null;
  },
};

const linesOf = (batch: Batch): unknown[] =>
  batch.bytes
    .toString("utf8", 0, batch.length)
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

describe("Batch", () => {
  it("makes one line a record, with its ordinal, and none of a refused one", () => {
    const batch = new Batch([], bounds);
    for (const value of ["v", "!", "v"]) expect(batch.append(shown({ value: Buffer.from(value) }), plain)).toBe(true);
    expect(linesOf(batch)).toEqual([
      { _i: 0, a: 1 },
      { _i: 2, a: 1 },
    ]);
    expect(batch.rejects).toEqual([{ ordinal: 1, error: "it is spoilt" }]);
    expect(batch.count).toBe(3);
  });

  it("makes a line of a record in which no column has a value", () => {
    const batch = new Batch([], bounds);
    batch.append(shown({ value: null }), plain);
    expect(linesOf(batch)).toEqual([{ _i: 0 }]);
  });

  it("is as before when the format first needs a schema", () => {
    const batch = new Batch([], bounds);
    batch.append(shown(), plain);
    const { length } = batch;
    expect(batch.append(shown({ value: Buffer.from("?") }), plain)).toBe(false);
    expect([batch.length, batch.count, batch.rejects.length]).toEqual([length, 1, 0]);
  });

  it("is as before when the format or the record's chunk throws", () => {
    const throws: Format = {
      encode(_record, into) {
        into.ascii('"half');
        throw new Error("a fault of the format");
      },
    };
    const damaged = shown();
    damaged.chunk = {
      byteLength: 1,
      original: () => {
        throw new Error("a damaged record");
      },
    };
    const batch = new Batch(["_offset", "_headers"], bounds);
    batch.append(shown(), plain);
    expect(() => batch.append(shown({ offset: 1 }), throws)).toThrow("a fault of the format");
    expect(() => batch.append(damaged, plain)).toThrow("a damaged record");
    batch.append(shown({ offset: 2 }), plain);
    expect(linesOf(batch)).toEqual([
      { _i: 0, _offset: 0, _headers: {}, a: 1 },
      { _i: 1, _offset: 2, _headers: {}, a: 1 },
    ]);
    expect([batch.count, batch.rejects]).toEqual([2, []]);
  });

  it.each([2 ** 53, -(2 ** 63), Number.MAX_SAFE_INTEGER, Number.NaN])(
    "refuses a record with the timestamp %d, and tells a safe one of it",
    (timestampMs) => {
      const batch = new Batch(["_timestamp"], bounds);
      for (const record of [shown({ timestampMs }), shown()]) batch.append(record, plain);
      batch.reject(shown({ timestampMs }), "too plain");
      expect(linesOf(batch)).toEqual([{ _i: 1, _timestamp: 1_767_225_600_000, a: 1 }]);
      expect(batch.rejects).toEqual([
        { ordinal: 0, error: expect.stringMatching(/^timestamp: out of range/) },
        { ordinal: 2, error: "too plain" },
      ]);
      for (const ordinal of [0, 2]) expect(batch.origin(ordinal).timestampMs).toSatisfy(Number.isSafeInteger);
    },
  );

  it("splices in the metadata that the SQL names, and only that", () => {
    const headers = [
      { name: "trace", value: Buffer.from("first") },
      { name: "trace", value: Buffer.from('"last"\n') },
      { name: "none", value: null },
    ];
    const record = shown({ key: Buffer.from("k\u{1F682}"), headers, offset: 2 ** 40, topic: 'a"b' });
    const batch = new Batch(Object.keys(metaColumns) as MetaColumn[], bounds);
    batch.append(record, plain);
    expect(linesOf(batch)).toEqual([
      {
        _i: 0,
        _topic: 'a"b',
        _partition: 3,
        _offset: 2 ** 40,
        _timestamp: 1_767_225_600_000 + 2 ** 40,
        _key: "k\u{1F682}",
        _headers: { trace: '"last"\n', none: null },
        a: 1,
      },
    ]);
    const offsets = new Batch(["_offset"], bounds);
    offsets.append(shown({ offset: 7 }), plain);
    expect(linesOf(offsets)).toEqual([{ _i: 0, _offset: 7, a: 1 }]);
  });

  it.each([
    ["_key", shown({ key: Buffer.from([0xff]) }), "_key: the bytes are not UTF-8"],
    [
      "_headers",
      shown({ headers: [{ name: "trace", value: Buffer.from([0xc3, 0x28]) }] }),
      '_headers: header "trace": the bytes are not UTF-8',
    ],
  ] as const)("refuses a record whose %s is no UTF-8, but only where the SQL names it", (column, record, error) => {
    const batch = new Batch([column], bounds);
    batch.append(record, plain);
    expect(batch.rejects).toEqual([{ ordinal: 0, error }]);
    const without = new Batch([], bounds);
    without.append(record, plain);
    expect(without.rejects).toEqual([]);
  });

  it("finds each record again, byte by byte, over many chunks and topics", () => {
    const batch = new Batch([], bounds);
    const count = 10_000;
    for (let n = 0; n < count; n++) batch.append(shown({ value: Buffer.from(`"n":${n}`), offset: n, topic: `t${n % 7}` }), plain);
    for (let n = 0; n < count; n += 997) {
      expect(batch.origin(n)).toEqual({ topic: `t${n % 7}`, partition: 3, offset: n, timestampMs: 1_767_225_600_000 + n });
      expect(batch.original(n).value?.toString()).toBe(`"n":${n}`);
    }
  });

  it("moves a split from where the batch found it to where it leaves it", () => {
    const batch = new Batch([], bounds);
    expect(batch.empty).toBe(true);
    batch.advance("orders/0", null, { offset: 3 });
    batch.advance("orders/1", { offset: 1 }, { offset: 2 });
    batch.advance("orders/0", { offset: 3 }, { offset: 9 });
    expect(batch.moves).toEqual([
      { split: "orders/0", from: null, to: { offset: 9 } },
      { split: "orders/1", from: { offset: 1 }, to: { offset: 2 } },
    ]);
    expect(batch.empty).toBe(false);
  });

  it("is full at its bytes, at its records, or sooner where it was narrowed until it is cleared", () => {
    const value = Buffer.alloc(100, "v");
    const fill = (batch: Batch): number => {
      while (!batch.full) batch.reject(shown({ value }), "too plain");
      return batch.count;
    };
    expect(fill(new Batch([], { bytesMax: 1000, recordsMax: 100 }))).toBe(10);
    expect(fill(new Batch([], { bytesMax: 1000, recordsMax: 4 }))).toBe(4);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 100 });
    batch.narrow(300);
    expect(fill(batch)).toBe(3);
    batch.clear();
    expect([batch.count, batch.length, batch.recordBytes, batch.moves, batch.rejects]).toEqual([0, 0, 0, [], []]);
    expect(fill(batch)).toBe(10);
    batch.clear();
    batch.narrow(5000);
    expect(fill(batch)).toBe(10);
  });

  it("holds a single record where it was narrowed to a byte, also one that has none", () => {
    const batch = new Batch([], bounds);
    batch.narrow(1);
    batch.reject(shown({ value: null }), "no value");
    expect([batch.recordBytes, batch.full]).toEqual([0, true]);
  });

  it("is full when headers or metadata take twice its bytes, however small keys and values are", () => {
    const fill = (batch: Batch, record: () => RecordView): number => {
      while (!batch.full) batch.append(record(), plain);
      return batch.count;
    };
    const roomy = { bytesMax: 1000, recordsMax: 100_000 };
    // A chunk counts once the next one begins: a reader holds its last one anyway.
    const chunks = new Batch([], roomy);
    for (let use = 0; use < 2; use++) {
      expect(fill(chunks, () => shown({ chunkBytes: 500 }))).toBe(5);
      chunks.clear();
    }
    const batch = new Batch(["_topic"], roomy);
    const count = fill(batch, () => shown({ topic: "t".repeat(300) }));
    expect(count).toBeLessThan(8);
    batch.clear();
    expect(fill(batch, () => shown({ topic: "t".repeat(300) }))).toBe(count);
    const one = shown({ chunkBytes: 1_000_000 });
    expect(fill(new Batch([], { ...roomy, recordsMax: 40 }), () => one)).toBe(40);
  });
});

describe("The runs of a batch", () => {
  const to = { offset: 1 };
  it("say which split each record is of, by the order of the moves", () => {
    const batch = new Batch([], bounds);
    const append = (count: number): void => {
      for (let at = 0; at < count; at++) batch.append(shown(), plain);
    };
    batch.advance("nothing", null, to);
    append(2);
    batch.advance("a", null, to);
    append(1);
    batch.advance("a", to, { offset: 2 });
    batch.reject(shown(), "refused");
    batch.advance("b", null, to);
    batch.advance("a", to, { offset: 3 });
    append(1);
    batch.advance("a", to, { offset: 4 });
    expect(batch.moves.map(({ split }) => split)).toEqual(["nothing", "a", "b"]);
    expect(batch.runs).toEqual([
      { split: 1, end: 3 },
      { split: 2, end: 4 },
      { split: 1, end: 5 },
    ]);
    batch.clear();
    expect(batch.runs).toEqual([]);
    append(1);
    batch.advance("b", null, to);
    expect(batch.runs).toEqual([{ split: 0, end: 1 }]);
  });
});
