import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRowsMaker } from "../rows-file.ts";
import { columns, openSink, type SinkKind, splits } from "./sink-writer.ts";
import { startWriter, type WriterOptions, type WriterProcess } from "./writer-process.ts";

const kills = 24;
/** Longest life of a writer after it says that it opens the sink. */
const lifeMsMax = 400;
const seed = Number(process.env["SNOWLINE_SEED"] ?? Date.now() % 1_000_000);

let directory: string;
const writers: WriterProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-crash-"));
});
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.kill();
  await rm(directory, { recursive: true });
});

function start(kind: SinkKind, run: number, options: Omit<WriterOptions, "seed"> = {}): WriterProcess {
  const writer = startWriter(kind, directory, { seed: seed + run, ...options });
  writers.push(writer);
  return writer;
}

type Stands = readonly (number | null)[];

/** Where the splits stand, after checking that the table has exactly the rows below that, each once. Takes the splits over. */
async function checked(kind: SinkKind): Promise<Stands> {
  const positions = await (async () => {
    await using sink = await openSink(kind, directory);
    return await sink.restore(splits);
  })();
  const stands = splits.map((split) => (positions.get(split)?.["offset"] as number | undefined) ?? null);
  const duckdb = kind === "duckdb";
  const instance = await DuckDBInstance.create(duckdb ? join(directory, "w.duckdb") : ":memory:");
  const connection = await instance.connect();
  try {
    const loaded = duckdb || (await readdir(join(directory, "out"))).some((name) => name.endsWith(".parquet"));
    const from = duckdb ? "numbers" : `read_parquet('${directory}/out/*.parquet')`;
    const query = `SELECT split, count(*)::INTEGER, count(DISTINCT n)::INTEGER, min(n)::INTEGER, max(n)::INTEGER FROM ${from} GROUP BY split`;
    const found = loaded ? (await connection.runAndReadAll(query)).getRows() : [];
    const rows = new Map(found.map(([split, ...rest]) => [split, rest]));
    for (const [at, stand] of stands.entries()) {
      expect(rows.get(at) ?? [], `split ${at} with seed ${seed}`).toEqual(
        (stand ?? 0) === 0 ? [] : [stand, stand, 0, stand! - 1],
      );
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return stands;
}

/** The last position that a writer was told to be durable. */
function acknowledged(writer: WriterProcess): Stands {
  const line = writer.lines.findLast((line) => /^(?:written|restored) /.test(line));
  return line === undefined ? splits.map(() => null) : (JSON.parse(line.slice(line.indexOf("["))) as Stands);
}

describe.each(["duckdb", "files"] as const)("the %s sink", (kind) => {
  test(`loads each row once through ${kills} kills`, { timeout: 120_000 }, async () => {
    console.info(`SNOWLINE_SEED=${seed}`);
    let state = seed;
    const random = (below: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
    let least: Stands = splits.map(() => null);
    for (let run = 0; run < kills; run++) {
      const writer = start(kind, run);
      await writer.said("opening");
      await setTimeout(random(lifeMsMax));
      await writer.kill();
      const last = acknowledged(writer);
      least = last.map((stand, at) => (stand === null && least[at] === null ? null : Math.max(stand ?? 0, least[at] ?? 0)));
      if (run % 6 === 5) {
        const stands = await checked(kind);
        for (const [at, stand] of stands.entries())
          expect(stand ?? 0, `split ${at} with seed ${seed}`).toBeGreaterThanOrEqual(least[at] ?? 0);
      }
    }
    expect(Math.max(...least.map((stand) => stand ?? 0)), "the writers did get to write").toBeGreaterThan(1000);
  });

  test("says so where the disk is full, leaves nothing behind, and goes on", { timeout: 60_000 }, async () => {
    using maker = await openRowsMaker(directory);
    const rows = await maker.rows("SELECT 0 AS split, i AS n, sha256(i::VARCHAR) AS text FROM range(30000) r(i)", columns);
    // 1 MiB: more than a new database, less than the rows.
    expect(rows.bytes).toBeGreaterThan(1 << 20);
    const writer = start(kind, 0, { rows, fileBlocksMax: (1 << 20) / 512 });
    expect(await writer.said("")).toMatch(
      /^failed NotConnected: (?:DuckDB file|directory) .*(?:File too large|larger than this process may write)/,
    );
    await writer.kill();
    expect(await checked(kind)).toEqual([null, null, null]);
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => name.endsWith(".staged"))).toEqual([]);
    const next = start(kind, 1, { rows });
    expect(await next.said("")).toBe("written");
    await next.kill();
    expect(await checked(kind)).toEqual([rows.count, null, null]);
  });
});

describe("the files sink", () => {
  test("a writer that sleeps through its takeover writes nothing when it wakes up", { timeout: 60_000 }, async () => {
    console.info(`SNOWLINE_SEED=${seed}`);
    const rounds = 8;
    let state = seed;
    const random = (below: number): number => (state = (Math.imul(state, 22_695_477) + 1) >>> 0) % below;
    let owner = start("files", 100);
    await owner.said("written");
    for (let round = 1; round <= rounds; round++) {
      await setTimeout(random(120));
      owner.process.kill("SIGSTOP");
      const heir = start("files", 100 + round);
      await heir.said("written");
      owner.process.kill("SIGCONT");
      expect(await owner.said("conflict")).toMatch(/^conflict \[/);
      owner = heir;
    }
    await owner.kill();
    await checked("files");
  });

  test("two writers that take over from each other all the time lose and double nothing", { timeout: 60_000 }, async () => {
    const lives = 10;
    const live = async (number: number): Promise<void> => {
      for (let life = 0; life < lives / 2; life++) {
        const writer = start("files", number * 1000 + life);
        await writer.said("conflict").catch(() => undefined);
      }
    };
    await Promise.race([live(1), live(2)]);
    for (const writer of writers.splice(0)) await writer.kill();
    await checked("files");
  });
});
