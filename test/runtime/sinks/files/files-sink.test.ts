import { chmod, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Sink } from "../../../../runtime/component/sink.ts";
import { dataFileName, pipelineKey } from "../../../../runtime/sinks/files/data-file-name.ts";
import { openParquetDirectory, type ParquetDirectory } from "./parquet-directory.ts";
import { withoutRoot } from "../../../without-root.ts";

let files: ParquetDirectory;
let log: string;
let staging: string;
beforeEach(async () => {
  files = await openParquetDirectory();
  log = join(files.directory, "_snowline", "shop.orders");
  staging = join(log, "staging");
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

const columns = [{ name: "id", type: "BIGINT" }];
const rows = (id: number) => files.maker.rows(`SELECT ${id} AS id`, columns);
const moves = (from: number | null, to: number, split = "a") => [
  { split, from: from === null ? null : { offset: from }, to: { offset: to } },
];
const ids = async () => (await files.query("SELECT id::INTEGER FROM files ORDER BY id")).map(([id]) => id);
const entries = async () => (await readdir(log)).filter((name) => name.endsWith(".json")).toSorted();
const opened = async (...splits: readonly string[]): Promise<Sink> => {
  const sink = await files.open();
  await sink.prepare(columns);
  await sink.restore(splits);
  return sink;
};

describe("the directory", () => {
  test("has files named by pipeline, number and ranges, and nothing staged is left", async () => {
    const sink = await opened("a", "b/1");
    await sink.write(await rows(1), moves(null, 5));
    await sink.write(await rows(2), [...moves(5, 9), ...moves(null, 3, "b/1")]);
    expect((await files.visible()).toSorted()).toEqual([
      "shop.orders-000000000002-a.start-5.parquet",
      "shop.orders-000000000003-a.5-9_b-1.start-3.parquet",
    ]);
    expect(await readdir(staging)).toEqual([]);
  });

  test("may be shared by pipelines", async () => {
    const first = await opened("a");
    const second = await files.open("others");
    await second.restore(["a"]);
    await first.write(await rows(1), moves(null, 5));
    await second.write(await rows(2), moves(null, 5));
    expect(await ids()).toEqual([1, 2]);
    expect(await second.restore(["a"])).toEqual(new Map([["a", { offset: 5 }]]));
  });

  test("takes types that Parquet has: sums become decimals, and what changes its type is refused", async () => {
    const sink = await files.open();
    const target = await sink.prepare([
      { name: "sum", type: "HUGEINT" },
      { name: "span", type: "INTERVAL" },
      { name: "s", type: "STRUCT(a TIMESTAMP_S, b VARCHAR)" },
    ]);
    expect(target.map(({ type }) => type)).toEqual(["DECIMAL(38,0)", "VARCHAR", `STRUCT("a" TIMESTAMP, "b" VARCHAR)`]);
    const again = await opened("a");
    await again.write(await rows(1), moves(null, 1));
    await expect((await files.open()).prepare([{ name: "ID", type: "VARCHAR" }])).rejects.toMatchObject({
      name: "Terminal",
      reason: "ColumnTypeChanged",
    });
    await expect((await files.open()).prepare([...columns, { name: "more", type: "VARCHAR" }])).resolves.toHaveLength(2);
  });

  test("that cannot be one is Terminal", async () => {
    await mkdir(join(files.directory, ".."), { recursive: true });
    await writeFile(files.directory, "a file");
    await expect((await files.open()).prepare(columns)).rejects.toMatchObject({ name: "Terminal", reason: "DirectoryNotUsable" });
    await unlink(files.directory);
    await mkdir(files.directory, { mode: 0o500 });
    await withoutRoot(join(files.directory, ".."), async () => {
      await expect((await files.open()).prepare(columns)).rejects.toMatchObject({
        name: "Terminal",
        reason: "DirectoryNotUsable",
      });
    });
    await chmod(files.directory, 0o700);
  });
});

describe("what a crash leaves", () => {
  test("between commit and rename is carried on with, and only once", async () => {
    const sink = await opened("a");
    await sink.write(await rows(1), moves(null, 5));
    // As it was before the rename: the file staged, the entry there.
    const { pending } = JSON.parse(await readFile(join(log, "000000000002.json"), "utf8")) as {
      pending: [{ staged: string; name: string }];
    };
    await rename(join(files.directory, pending[0].name), join(staging, pending[0].staged));
    expect(await ids()).toEqual([]);
    const heir = await files.open();
    expect(await heir.restore(["a"])).toEqual(new Map([["a", { offset: 5 }]]));
    expect(await ids()).toEqual([1]);
    await opened("a");
    expect(await ids()).toEqual([1]);
  });

  test("between commit and rename is carried on with by another owner's next write, too", async () => {
    const [one, two] = [await opened("a"), await opened("b")];
    await one.write(await rows(1), moves(null, 5));
    const { pending } = JSON.parse(await readFile(join(log, "000000000003.json"), "utf8")) as {
      pending: [{ staged: string; name: string }];
    };
    await rename(join(files.directory, pending[0].name), join(staging, pending[0].staged));
    await two.write(await rows(2), moves(null, 1, "b"));
    expect(await ids()).toEqual([1, 2]);
  });

  test("before the commit is removed once its owner has no split any more, not before", async () => {
    await opened("a", "b");
    const owner = (JSON.parse(await readFile(join(log, "000000000001.json"), "utf8")) as { owner: string }).owner;
    const left = [`${owner}.00000000-0000-4000-8000-000000000000.staged`, `${owner}.00000000-0000-4000-8000-000000000001.json`];
    for (const name of left) await writeFile(join(staging, name), "half");
    const heir = await opened("a");
    expect((await readdir(staging)).toSorted()).toEqual(left);
    await heir.restore(["b"]);
    expect(await readdir(staging)).toEqual([]);
  });

  test("a file that a consumer took away does not come back", async () => {
    const sink = await opened("a");
    await sink.write(await rows(1), moves(null, 5));
    for (const name of await files.visible()) await unlink(join(files.directory, name));
    await opened("a");
    expect(await files.visible()).toEqual([]);
  });
});

describe("the log", () => {
  test("stays small", async () => {
    const sink = await opened("a");
    for (let at = 0; at < 200; at++) await sink.write(null, moves(at === 0 ? null : at, at + 1));
    const kept = await entries();
    expect(kept.at(-1)).toBe("000000000201.json");
    expect(kept.length).toBeLessThanOrEqual(80);
    expect(await (await files.open()).restore(["a"])).toEqual(new Map([["a", { offset: 200 }]]));
  });

  test("that has vanished beside its files is not begun anew", async () => {
    const sink = await opened("a");
    await sink.write(await rows(1), moves(null, 5));
    await rm(join(files.directory, "_snowline"), { recursive: true });
    await expect((await files.open()).prepare(columns)).rejects.toMatchObject({ name: "Terminal", reason: "LogMissing" });
    await expect(sink.write(await rows(2), moves(5, 6))).rejects.toMatchObject({ name: "Terminal" });
    expect(await ids()).toEqual([1]);
  });

  test("is begun beside the files of a pipeline whose name begins like this one's", async () => {
    const other = await files.open("orders-eu");
    await other.restore(["a"]);
    await other.write(await rows(1), moves(null, 5));
    const sink = await opened("a");
    await sink.write(await rows(2), moves(null, 5));
    expect(await ids()).toEqual([1, 2]);
  });

  test("that somebody cut short stops the writer, and so does an entry that is none", async () => {
    const sink = await opened("a");
    await sink.write(null, moves(null, 1));
    await unlink(join(log, "000000000002.json"));
    await expect(sink.write(await rows(2), moves(1, 2))).rejects.toMatchObject({ name: "Terminal", reason: "LogChanged" });
    await writeFile(join(log, "000000000002.json"), "{");
    await expect((await files.open()).restore(["a"])).rejects.toMatchObject({ name: "Terminal", reason: "LogUnreadable" });
    expect(await ids()).toEqual([]);
  });
});

describe("names", () => {
  test("stay within what a file system takes, whatever the pipeline and its splits are called", () => {
    const key = pipelineKey({ namespace: "n".repeat(63), name: "x".repeat(253) });
    expect(key).not.toBe(pipelineKey({ namespace: "n".repeat(63), name: `${"x".repeat(252)}y` }));
    const splits = Array.from({ length: 1000 }, (_, at) => ({
      split: `/däta/${"sub/".repeat(10)}${at}.csv`,
      from: { row: at },
      to: { row: at + 1 },
    }));
    for (const some of [splits, splits.slice(0, 1), [{ split: "s", from: null, to: { cursor: "x" } }, ...splits]]) {
      const name = dataFileName(key, 12, some);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      expect(name).toMatch(/^[\w.-]+\.parquet$/);
    }
    expect(dataFileName("a.b", 1, splits.slice(0, 2))).toBe(
      "a.b-000000000001--d-ta-sub-sub-sub-sub-sub-sub-sub-sub-sub-sub-0.csv.0-1_and-1-more.parquet",
    );
  });
});
