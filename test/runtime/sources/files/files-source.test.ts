import { appendFile, mkdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FileFormat } from "../../../../crds/format.ts";
import { Batch } from "../../../../runtime/component/batch.ts";
import { Terminal } from "../../../../runtime/component/errors.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import { blockBytes } from "../../../../runtime/sources/files/blocks.ts";
import { recordBytesMax } from "../../../../runtime/sources/files/text-reader.ts";
import { seededRandom, seedOf } from "../../../contract/format.ts";
import { failure, folderOfEachTest, json } from "./open-files.ts";
import { linesOf, load, readAll, type Reading } from "./reading.ts";

const csv = (part: object = {}): FileFormat => ({
  csv: { columns: { a: "VARCHAR", b: "VARCHAR" }, delimiter: ",", header: true, nullText: "", ...part },
});
const raw = (as: "text" | "bytes" = "text"): FileFormat => ({ raw: { as } });
const { signal } = new AbortController();

const folder = folderOfEachTest();
const values = (lines: readonly Readonly<Record<string, unknown>>[], column = "a") => lines.map((line) => line[column]);

describe("text files", () => {
  test.each<[string, FileFormat, string | Buffer, unknown[]]>([
    ["JSON lines, blank ones and CRLF among them, the last without a newline", json, '{"a":1}\r\n\n  \n{"a":2}', [1, 2]],
    ["a byte order mark", json, '\ufeff{"a":1}\n', [1]],
    ["an empty file", json, "", []],
    ["a file of blank lines", json, "\n\n", []],
    ["CSV by its header, with columns nobody declared", csv(), 'x,b,a\r\n"1,\n""2""",B,A\n,,\r\n\n3,"",4', ["A", null, "4"]],
    ["CSV with a byte order mark and a quoted header", csv(), '\ufeff"a","b"\n1,2\n', ["1"]],
    ["CSV with a header alone", csv(), "a,b\n", []],
    ["CSV with a header alone and no newline", csv(), "a,b", []],
    ["an empty CSV file", csv(), "", []],
    ["CSV without a header", csv({ header: false, fields: ["b", "a"] }), "1,2\n3,4\n", ["2", "4"]],
    ["CSV that ends in a quote", csv(), 'a,b\n"1","2"', ["1"]],
    ["tab-separated values, where a line of tabs is a record", csv({ delimiter: "\t" }), "a\tb\n\t\n1\t2\n", [null, "1"]],
  ])("are read: %s", async (_what, format, content, expected) => {
    await folder.put("x", content);
    await using source = await folder.opened(format);
    const { lines, rejects } = await readAll(source);
    expect({ values: values(lines), rejects }).toEqual({ values: expected, rejects: [] });
  });

  test("of raw text are lines, empty ones too, and of raw bytes keep a byte order mark", async () => {
    await folder.put("x", "\ufeffone\r\n\ntwo");
    await using text = await folder.opened(raw());
    expect(values((await readAll(text)).lines, "value")).toEqual(["one", "", "two"]);
    await using bytes = await folder.opened(raw("bytes"));
    const first = (await readAll(bytes)).lines[0]!["value"] as string;
    expect(Buffer.from(first, "base64")).toEqual(Buffer.from("\ufeffone"));
  });

  test("keep every byte that is no line end, also in the original", async () => {
    await folder.put("x", "a\r");
    await using source = await folder.opened(raw("bytes"));
    const [split] = await source.splits(signal);
    await source.open(split!, null);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    await source.read(batch, signal);
    expect(values(linesOf(batch), "value")).toEqual([Buffer.from("a\r").toString("base64")]);
    expect(batch.original(0).value!.toString()).toBe("a\r");
  });

  test("reject a JSON line of nothing but control bytes, which is not blank", async () => {
    await folder.put("x", '{"a":1}\n\0\0\0\n\x0b\n \t\r\n');
    await using source = await folder.opened(json);
    const { lines, rejects } = await readAll(source);
    expect(values(lines)).toEqual([1]);
    expect(rejects.map(({ offset, value }) => [offset, value])).toEqual([
      [1, "\0\0\0"],
      [2, "\x0b"],
    ]);
  });

  test("show their records with path, row and the file's time", async () => {
    await mkdir(join(folder.path, "sub"));
    await folder.put("sub/x.json", '{"a":1}\n\n{"a":2}\n');
    await utimes(join(folder.path, "sub/x.json"), 1_700_000_000, 1_700_000_000.5);
    await using source = await folder.opened(json, { paths: ["sub/*.json"] });
    const { lines } = await readAll(source, { meta: ["_topic", "_partition", "_offset", "_timestamp", "_key"] });
    const record = { _topic: "sub/x.json", _partition: 0, _timestamp: 1_700_000_000_500, _key: null };
    expect(lines).toEqual([
      { _i: 0, ...record, _offset: 0, a: 1 },
      { _i: 1, ...record, _offset: 1, a: 2 },
    ]);
    expect(source.progress()).toEqual([{ split: "sub/x.json", at: 2, end: 2, timestampMs: 1_700_000_000_500 }]);
  });

  test("refuse only the bad record, with its own bytes", async () => {
    await folder.put("x", '{"a":1}\n{"a":\r\n{"a":3}\nnope');
    await using source = await folder.opened(json);
    const { lines, rejects } = await readAll(source);
    expect(values(lines)).toEqual([1, 3]);
    expect(rejects.map(({ offset, value, topic }) => [topic, offset, value])).toEqual([
      ["x", 1, '{"a":'],
      ["x", 3, "nope"],
    ]);
  });

  test("of CSV lose to a stray quote only the record it stands in", async () => {
    await folder.put("x", 'a,b\n1,"open\n2,"two"\n3,three\n4,"x"y\n5,"five\nlines"\n6,"never closed\n7,seven\n');
    await using source = await folder.opened(csv());
    const { lines, rejects } = await readAll(source);
    expect(values(lines)).toEqual(["2", "3", "5", "7"]);
    expect(rejects.map(({ value }) => value)).toEqual(['1,"open', '4,"x"y', '6,"never closed']);
  });

  test("of CSV carry their header with a refused record", async () => {
    await folder.put("x", "b,a\n1\n");
    await using source = await folder.opened(csv());
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    for (const split of await source.splits(signal)) await source.open(split, null);
    await source.read(batch, signal);
    expect(batch.original(0)).toEqual({
      key: null,
      value: Buffer.from("1"),
      headers: [{ name: "snowline.file-header", value: Buffer.from("b,a") }],
    });
  });

  test.each([
    ["UTF-16 with a byte order mark", Buffer.from('\ufeff{"a":1}', "utf16le"), /UTF-16.*iconv/],
    ["big-endian UTF-16 with a byte order mark", Buffer.from('\ufeff{"a":1}', "utf16le").swap16(), /UTF-16/],
    ["UTF-16 without one", Buffer.from('{"a":1}', "utf16le"), /UTF-16/],
  ])("are refused as a whole: %s", async (_what, content, message) => {
    await folder.put("x", content);
    await using source = await folder.opened(json);
    const error = await failure(readAll(source));
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toMatch(message);
  });

  test("of CSV whose header lacks a column are refused, naming file and columns", async () => {
    await folder.put("x", "b,c\n1,2\n");
    await using source = await folder.opened(csv());
    expect(String(await failure(readAll(source)))).toMatch(/^Terminal: x: the header line lacks "a"; it has "b", "c"$/);
  });

  test("may hold a record as long as the bound, and refuse a longer one with its beginning", async () => {
    const longest = `{"a":"${"x".repeat(recordBytesMax - 8)}"}`;
    await folder.put("x", `{"a":1}\n${longest}\n{"a":2}\n${" ".repeat(3 * blockBytes)}${longest}\n{"a":3}\n${longest}x`);
    const warehouse = new Map<string, Position>();
    const lines: Reading["lines"][number][] = [];
    const rejects: Reading["rejects"][number][] = [];
    // Another process for each record: the position behind a long one has to be right, too.
    while (warehouse.get("x")?.["done"] !== true) {
      await using source = await folder.opened(json);
      const reading = await readAll(source, { warehouse, recordsMax: 1, batchesMax: 1 });
      lines.push(...reading.lines);
      rejects.push(...reading.rejects);
    }
    expect(values(lines).map((value) => (typeof value === "string" ? value.length : value))).toEqual([
      1,
      recordBytesMax - 8,
      2,
      3,
    ]);
    expect(rejects.map(({ error, offset, value }) => [error, offset, value.length])).toEqual([
      [expect.stringContaining(`longer than ${recordBytesMax} bytes`), 3, recordBytesMax],
      [expect.stringContaining(`longer than ${recordBytesMax} bytes`), 5, recordBytesMax],
    ]);
  });
});

describe("reading goes on", () => {
  const compressions = [
    ["", (content: Buffer) => content],
    [".gz", (content: Buffer) => Buffer.concat([gzipSync(content.subarray(0, 100_000)), gzipSync(content.subarray(100_000))])],
    [
      ".zst",
      (content: Buffer) =>
        Buffer.concat([zstdCompressSync(content.subarray(0, 100_000)), zstdCompressSync(content.subarray(100_000))]),
    ],
  ] as const;

  test.each(compressions)("exactly where the warehouse stands, at every kind of cut, in x%s", async (ending, compress) => {
    const seed = seedOf("FILES_SEED");
    const random = seededRandom(seed);
    const records = Array.from({ length: 400 }, (_, row) => `${row},"${"é\n\r\n,".repeat(random(1000))}""${row}"`);
    const content = Buffer.from(`\ufeffa,b\r\n${records.join("\n")}\n`);
    expect(content.length).toBeGreaterThan(3 * blockBytes);
    await folder.put(`x${ending}`, compress(content));
    const warehouse = new Map<string, Position>();
    const seen: unknown[] = [];
    for (let starts = 0; seen.length < records.length; starts++) {
      await using source = await folder.opened(csv());
      const { lines, rejects } = await readAll(source, { warehouse, recordsMax: 1 + random(60), batchesMax: 1 + random(3) });
      expect(rejects, `seed ${seed}, start ${starts}`).toEqual([]);
      seen.push(...values(lines));
      expect(starts, `seed ${seed}`).toBeLessThan(1000);
    }
    expect(seen, `seed ${seed}`).toEqual(records.map((_, row) => String(row)));
    await using last = await folder.opened(csv());
    const rest = await readAll(last, { warehouse });
    expect(rest.lines).toEqual([]);
  });

  test("behind a batch that was not loaded, when the engine opens the split again", async () => {
    await folder.put("x", '{"a":1}\n{"a":2}\n{"a":3}\n');
    await using source = await folder.opened(json);
    const [split] = await source.splits(signal);
    await source.open(split!, null);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 2 });
    await source.read(batch, signal);
    const warehouse = new Map<string, Position>();
    load(batch, warehouse);
    batch.clear();
    await source.read(batch, signal);
    await source.open(split!, warehouse.get("x")!);
    batch.clear();
    await source.read(batch, signal);
    expect(values(linesOf(batch))).toEqual([3]);
    load(batch, warehouse);
    expect(warehouse.get("x")).toMatchObject({ row: 3, done: true });
  });

  test("when the manifest's folder has moved", async () => {
    await folder.put("x", '{"a":1}\n{"a":2}\n');
    const warehouse = new Map<string, Position>();
    await using source = await folder.opened(json);
    await readAll(source, { warehouse, recordsMax: 1, batchesMax: 1 });
    await rename(folder.path, `${folder.path}-moved`);
    folder.path = `${folder.path}-moved`;
    await using moved = await folder.opened(json);
    expect(values((await readAll(moved, { warehouse })).lines)).toEqual([2]);
  });

  test("through many files in the order of their names, in one batch, and the end stays the end", async () => {
    for (const name of ["b", "a", "c"]) await folder.put(name, `{"a":"${name}"}\n`);
    await folder.put("d", "");
    await using source = await folder.opened(json);
    const warehouse = new Map<string, Position>();
    const { lines, batches } = await readAll(source, { warehouse });
    expect({ values: values(lines), batches }).toEqual({ values: ["a", "b", "c"], batches: 1 });
    expect([...warehouse.values()].every(({ done }) => done === true)).toBe(true);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    expect(await source.read(batch, signal)).toEqual({ kind: "ended" });
    expect(batch.empty).toBe(true);
  });

  test("not, while a batch is read whose signal was aborted: it stays as it was", async () => {
    await folder.put("x", '{"a":1}\n');
    await using source = await folder.opened(json);
    for (const split of await source.splits(signal)) await source.open(split, null);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    expect(await source.read(batch, AbortSignal.abort())).toEqual({ kind: "interrupted" });
    expect(batch.empty).toBe(true);
  });

  test("without a split that was released", async () => {
    await folder.put("x", '{"a":1}\n');
    await folder.put("y", '{"a":2}\n');
    await using source = await folder.opened(json);
    for (const split of await source.splits(signal)) await source.open(split, null);
    source.release("x");
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    await source.read(batch, signal);
    expect(batch.moves.map(({ split }) => split)).toEqual(["y"]);
  });
});

describe("a changed file", () => {
  test("that was loaded is named and not read again", async () => {
    await folder.put("x", '{"a":1}\n');
    const warehouse = new Map<string, Position>();
    await using first = await folder.opened(json);
    await readAll(first, { warehouse });
    expect(first.notices!()).toEqual([]);
    await appendFile(join(folder.path, "x"), '{"a":2}\n');
    await using second = await folder.opened(json);
    expect((await readAll(second, { warehouse })).lines).toEqual([]);
    expect(second.notices!()).toEqual([
      "x: changed after it was loaded (its size or time is another) and is not read again; to load it, give it another name",
    ]);
    expect(folder.logged.filter((line) => line.includes("changed after it was loaded"))).toHaveLength(1);
  });

  test("that was loaded in part stops the pipeline, naming it and the row", async () => {
    await folder.put("x", '{"a":1}\n{"a":2}\n');
    const warehouse = new Map<string, Position>();
    await using first = await folder.opened(json);
    await readAll(first, { warehouse, recordsMax: 1, batchesMax: 1 });
    await folder.put("x", '{"a":7}\n{"a":2}\n{"a":3}\n');
    await using second = await folder.opened(json);
    const error = await failure(readAll(second, { warehouse }));
    expect(error).toMatchObject({
      reason: "FileChanged",
      message: expect.stringMatching(/^x: changed after 1 of its rows were loaded/),
    });
  });

  test.each([1, 3])("stops the pipeline while it is being read, before its end is noted (batches of %i)", async (recordsMax) => {
    await folder.put("x", '{"a":1}\n{"a":2}\n');
    await using source = await folder.opened(json);
    const warehouse = new Map<string, Position>();
    await readAll(source, { warehouse, recordsMax: 1, batchesMax: 1 });
    await appendFile(join(folder.path, "x"), '{"a":3}\n');
    const batch = new Batch([], { bytesMax: 1000, recordsMax });
    await expect(source.read(batch, signal)).rejects.toThrow(/x: changed while it was being read, at row 1/);
    expect(batch.moves.every(({ to }) => to["done"] === false)).toBe(true);
  });
});

describe("new files", () => {
  const polling = { paths: ["*.json"], pollSeconds: 1 };

  test("are picked up while the pipeline runs, and changed ones named", async () => {
    await folder.put("a.json", '{"a":1}\n');
    await using source = await folder.opened(json, polling);
    const warehouse = new Map<string, Position>();
    await readAll(source, { warehouse, batchesMax: 1 });
    await folder.put("b.json", '{"a":2}\n');
    await appendFile(join(folder.path, "a.json"), "\n");
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    expect(await source.read(batch, signal)).toEqual({ kind: "assignment" });
    expect(values((await readAll(source, { warehouse, batchesMax: 1 })).lines)).toEqual([2]);
    expect(source.notices!()).toHaveLength(1);
  });

  test("that go before they are read are named and left out, and read when they come again", async () => {
    await folder.put("a.json", '{"a":1}\n');
    await folder.put("b.json", '{"a":2}\n');
    await using source = await folder.opened(json, polling);
    for (const split of await source.splits(signal)) await source.open(split, null);
    await rm(join(folder.path, "a.json"));
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    expect(await source.read(batch, signal)).toEqual({ kind: "read" });
    expect(values(linesOf(batch))).toEqual([2]);
    expect(source.notices!()).toEqual(["a.json: was gone before it was read: nothing of it is loaded"]);
    await folder.put("a.json", '{"a":3}\n');
    expect(await source.read(new Batch([], { bytesMax: 1000, recordsMax: 10 }), signal)).toEqual({ kind: "assignment" });
    const warehouse = new Map<string, Position>();
    load(batch, warehouse);
    expect(values((await readAll(source, { warehouse, batchesMax: 1 })).lines)).toEqual([3]);
    expect(source.notices!()).toEqual([]);
  });

  test("are waited for, also where there is none yet, until the signal is aborted", async () => {
    await using source = await folder.opened(json, polling);
    expect(await source.splits(signal)).toEqual([]);
    const controller = new AbortController();
    const read = source.read(new Batch([], { bytesMax: 1000, recordsMax: 10 }), controller.signal);
    controller.abort();
    expect(await read).toEqual({ kind: "interrupted" });
  });
});
