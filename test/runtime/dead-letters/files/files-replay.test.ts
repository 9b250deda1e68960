import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import type { Letter } from "../../../../runtime/component/dead-letters.ts";
import { NotConnected, Terminal } from "../../../../runtime/component/errors.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import { type Format, needsSchema } from "../../../../runtime/component/record.ts";
import { openFilesDeadLetters } from "../../../../runtime/dead-letters/files/files-dead-letters.ts";
import { type FilesReplayOptions, openFilesReplay } from "../../../../runtime/dead-letters/files/files-replay.ts";
import { csvFormat } from "../../../../runtime/formats/csv.ts";
import { jsonFormat } from "../../../../runtime/formats/json.ts";
import { letterOf } from "../../../contract/dead-letters.ts";
import { laptopContext } from "../../formats/laptop-context.ts";

const spec = { directory: "dead" };
const signal = new AbortController().signal;

interface ReadOptions extends FilesReplayOptions {
  readonly recordsMax?: number;
  readonly batchesMax?: number;
  readonly format?: Format;
}

describe("a replay of dead letters in files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "snowline-replay-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (...letters: readonly Letter[]) =>
    (await openFilesDeadLetters(spec, laptopContext({ folder }))).write(letters);
  const replay = (format: Format = jsonFormat(), options: FilesReplayOptions = {}) =>
    openFilesReplay(spec, format, laptopContext({ folder }), options);
  const good = (topic: string, offset: number, part: Partial<Letter> = {}) =>
    letterOf(topic, offset, { value: Buffer.from(`{"a":"${topic} ${offset}"}`), ...part });

  /** Reads to the end in batches of `recordsMax`, from where the warehouse stands and as far as `batchesMax`. */
  const readAll = async (
    warehouse: Map<string, Position>,
    { recordsMax = 100, batchesMax = 100, format = jsonFormat(), ...options }: ReadOptions = {},
  ) => {
    await using source = await replay(format, options);
    for (const split of await source.splits(signal)) await source.open(split, warehouse.get(split.id) ?? null);
    const lines: Record<string, unknown>[] = [];
    const rejects: string[] = [];
    for (let batches = 0; batches < batchesMax; batches++) {
      const batch = new Batch(["_topic", "_partition", "_offset", "_timestamp", "_key", "_headers"], {
        bytesMax: 1 << 20,
        recordsMax,
      });
      const { kind } = await source.read(batch, signal);
      if (kind === "ended") break;
      expect(kind).toBe("read");
      lines.push(...linesOf(batch));
      rejects.push(...batch.rejects.map(({ error }) => error));
      for (const { split, from, to } of batch.moves) {
        expect(from).toEqual(warehouse.get(split) ?? null);
        warehouse.set(split, to);
      }
    }
    return { lines, rejects, values: lines.map((line) => line["a"]) };
  };

  test("shows each letter as the record it was, with its own position, key and headers", async () => {
    await write(
      good("orders", 7, { partition: 3, key: null, timestampMs: 5, headers: [{ name: "trace", value: Buffer.from("t") }] }),
    );
    const { lines } = await readAll(new Map());
    const _headers = { trace: "t", "snowline.replays": "1" };
    expect(lines).toEqual([
      { _i: 0, _topic: "orders", _partition: 3, _offset: 7, _timestamp: 5, _key: null, _headers, a: "orders 7" },
    ]);
  });

  test("names its splits after the files, and ends at what was there at the start", async () => {
    await write(good("orders", 1));
    await using source = await replay();
    await write(good("orders", 2));
    const [split, ...others] = await source.splits(signal);
    expect(split!.id).toMatch(/^replay:shop-orders\.orders\.0-0000000000000001\.1\.[0-9a-f]{12}\.letters\.jsonl$/);
    expect(others).toEqual([]);
  });

  test("passes over a letter about a record that an earlier letter was about", async () => {
    await write(good("orders", 1), good("orders", 2));
    await write(good("orders", 2), good("orders", 3));
    await write(good("orders", 2, { partition: 1 }), good("others", 2));
    expect((await readAll(new Map())).values.map(String).toSorted()).toEqual([
      "orders 1",
      "orders 2",
      "orders 2",
      "orders 3",
      "others 2",
    ]);
  });

  test("shows records of a topic that was made anew beside the former ones at their offsets", async () => {
    await write(good("orders", 1));
    await write(good("orders", 1, { value: Buffer.from('{"a":"anew"}') }), good("orders", 1, { timestampMs: 1 }));
    expect((await readAll(new Map())).values.map(String).toSorted()).toEqual(["anew", "orders 1", "orders 1"]);
  });

  test("reads a letter whose timestamp is beyond what numbers hold exactly, and refuses it again", async () => {
    await write(good("orders", 1, { timestampMs: 2 ** 60 }), good("orders", 2));
    const { values, rejects } = await readAll(new Map());
    expect(values).toEqual(["orders 2"]);
    expect(rejects).toEqual([expect.stringMatching(/^timestamp: out of range/)]);
  });

  test.each([1, 2, 3, 5])(
    "shows each record once when it is stopped after %i records and started again, also about letters that came meanwhile",
    async (stopAfter) => {
      await write(good("orders", 1), good("orders", 2), good("orders", 3));
      await write(good("orders", 3), good("orders", 4));
      const warehouse = new Map<string, Position>();
      const first = await readAll(warehouse, { recordsMax: 1, batchesMax: stopAfter });
      await write(good("orders", 0), good("orders", 1), good("orders", 4));
      const second = await readAll(warehouse);
      expect([...first.values, ...second.values].map(String).toSorted()).toEqual([
        "orders 0",
        "orders 1",
        "orders 2",
        "orders 3",
        "orders 4",
      ]);
      expect((await readAll(warehouse)).values).toEqual([]);
    },
  );

  test("shows a record again that was refused again when it was replayed", async () => {
    await write(good("orders", 1));
    const warehouse = new Map<string, Position>();
    const { lines } = await readAll(warehouse);
    const headers = Object.entries(lines[0]!["_headers"] as Record<string, string>).map(([name, value]) => ({
      name,
      value: Buffer.from(value),
    }));
    await write(good("orders", 1, { headers }));
    const again = await readAll(warehouse);
    expect(again.lines.map((line) => (line["_headers"] as Record<string, string>)["snowline.replays"])).toEqual(["2"]);
  });

  test("passes over the letters of other pipelines in the same directory", async () => {
    await write(good("orders", 1, { pipeline: "shop/returns" }));
    expect((await readAll(new Map())).values).toEqual([]);
  });

  test("reads a record of a CSV file by the header of its file", async () => {
    const csv = { columns: { a: "VARCHAR", b: "VARCHAR" }, delimiter: ",", header: true, nullText: "" };
    const format = csvFormat(csv, [
      { name: "a", type: "VARCHAR" },
      { name: "b", type: "VARCHAR" },
    ]);
    const header = (text: string) => [{ name: "snowline.file-header", value: Buffer.from(text) }];
    await write(
      letterOf("x.csv", 1, { value: Buffer.from("B,A"), headers: header("b,a") }),
      letterOf("y.csv", 1, { value: Buffer.from("A"), headers: header("a") }),
    );
    const { lines, rejects } = await readAll(new Map(), { format });
    expect(lines.map(({ a, b }) => [a, b])).toEqual([["A", "B"]]);
    expect(rejects).toEqual(['the header line lacks "b"; it has "a"']);
  });

  test("treats a tombstone as the source now does, and refuses it again where nothing is said", async () => {
    await write(good("orders", 1, { value: null }));
    const refused = { lines: [], rejects: [expect.stringMatching(/^tombstone: the record has no value/)] };
    expect(await readAll(new Map())).toMatchObject(refused);
    expect(await readAll(new Map(), { tombstones: "reject" })).toMatchObject(refused);
    expect(await readAll(new Map(), { tombstones: "skip" })).toMatchObject({ lines: [], rejects: [] });
    expect(await readAll(new Map(), { tombstones: "keep" })).toMatchObject({ lines: [{ _offset: 1 }], rejects: [] });
  });

  test("loses no record when the format cannot fetch a schema at first", async () => {
    await write(good("orders", 1), good("orders", 2));
    let state = "away";
    const json = jsonFormat();
    const format: Format = {
      encode: (record, into) => (state === "known" ? json.encode(record, into) : needsSchema),
      async prepare() {
        if (state === "away") throw new NotConnected("away");
        state = "known";
      },
    };
    await using source = await replay(format);
    for (const split of await source.splits(signal)) await source.open(split, null);
    const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: 10 });
    await expect(source.read(batch, signal)).rejects.toThrow(NotConnected);
    expect(batch.empty).toBe(true);
    state = "back";
    expect(await source.read(batch, signal)).toEqual({ kind: "read" });
    expect(linesOf(batch).map((line) => line["a"])).toEqual(["orders 1", "orders 2"]);
  });

  test("stops with file and line where a line is no letter, and where there is no directory", async () => {
    await expect(replay()).rejects.toThrow(/dead cannot be read: there is nothing to replay/);
    await write(good("orders", 1));
    await writeFile(join(folder, "dead", "x.letters.jsonl"), '{"pipeline":1}\n');
    const error: unknown = await readAll(new Map()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toMatch(/x\.letters\.jsonl line 1: is no letter/);
  });
});

function linesOf(batch: Batch): Record<string, unknown>[] {
  const text = batch.bytes.toString("utf8", 0, batch.length);
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
}
