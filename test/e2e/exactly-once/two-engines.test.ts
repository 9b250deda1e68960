import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { assemble } from "../../../runtime/assemble.ts";
import type { Sink } from "../../../runtime/component/sink.ts";
import { type Clock, systemClock } from "../../../runtime/engine/clock.ts";
import { PipelineReport } from "../../../runtime/engine/report.ts";
import { runPipeline, type Summary } from "../../../runtime/engine/run-pipeline.ts";
import { type Random, seeded, seedOfRun } from "./random.ts";
import { duckdbTable, letterValues } from "./table.ts";
import { smallColumns, smallSql, writeSmallTopic } from "./topic.ts";

/** Seeded runs; a DuckDB file allows one process only, so the rivals share one. */
const runs = 6;
/** How much faster the engines' time goes: a pause of five seconds after a conflict must not take the test's time. */
const hurry = 20;

const hastyClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now() * hurry),
  after: (delayMs, call) => systemClock.after(delayMs / hurry, call),
};

/** The sink, with pauses before and after its calls: what a process that is stopped and wakes up is to the other one. */
function drowsy(sink: Sink, random: Random): Sink {
  const nap = (): Promise<void> => (random.next() < 0.3 ? sleep(random.integer(0, 60)) : Promise.resolve());
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    await nap();
    const answer = await call();
    await nap();
    return answer;
  };
  return {
    prepare: (columns) => sink.prepare(columns),
    restore: (splits) => around(() => sink.restore(splits)),
    write: (rows, moves) => around(() => sink.write(rows, moves)),
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

const load = { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000 };
const spec: PipelineSpec = {
  source: { files: { paths: ["topic/*.jsonl"], format: { json: { columns: smallColumns } } } },
  transform: { sql: smallSql },
  sink: { duckdb: { path: "small.duckdb", schema: "main", table: "small", mode: { append: {} }, schemaEvolution: "none", load } },
  deadLetter: { files: { directory: "letters" } },
};

async function runEngine(
  directory: string,
  name: string,
  random: Random,
): Promise<{ readonly summary: Summary; readonly conflicts: number }> {
  const scratchDirectory = join(directory, name);
  await mkdir(scratchDirectory);
  const log = pino({ level: "silent" });
  const pipeline = { namespace: "test", name: "small" };
  const none = (): never => expect.unreachable();
  const path = (text: string): string => resolve(directory, text);
  const context = { pipeline, connection: none, secret: none, value: none, path, scratchDirectory, now: Date.now, log };
  await using assembled = await assemble(spec, { context, limits: { memoryBytes: 1024 * 2 ** 20, cpus: 1 } });
  const registry = new Registry();
  const summary = await runPipeline({
    ...assembled,
    sink: drowsy(assembled.sink, random),
    output: assembled.compiled.output,
    meta: assembled.compiled.meta,
    openTransformer: (target) => assembled.openTransformer(target, () => {}),
    batch: { ...assembled.batch, recordsMax: random.integer(5, 15) },
    until: "stopped",
    report: new PipelineReport({ pipeline, schemaVersion: assembled.schemaVersion, clock: hastyClock, registry }),
    clock: hastyClock,
    random: () => random.next(),
    loopActiveMs: () => 0,
    log,
    signal: new AbortController().signal,
    graceMs: 1000,
  });
  const [conflicts] = (await registry.getSingleMetric("snowline_conflicts_total")!.get()).values;
  return { summary, conflicts: conflicts?.value ?? 0 };
}

test("two engines on one DuckDB file that both own every split load each record once", async () => {
  const seed = seedOfRun();
  let conflicts = 0;
  for (let run = 0; run < runs; run++) {
    const directory = await mkdtemp(join(tmpdir(), "snowline-rivals-"));
    try {
      const topic = await writeSmallTopic(join(directory, "topic"), { files: 3, recordsPerFile: 60 });
      const rivals = ["one", "other"].map((name, index) => runEngine(directory, name, seeded(seed + run * 2 + index)));
      for (const { summary, conflicts: lost } of await Promise.all(rivals)) {
        expect(summary.endedBy).toBe("ended");
        conflicts += lost;
      }
      expect(await duckdbTable(join(directory, "small.duckdb")), `seed ${seed}, run ${run}`).toEqual(topic.rows);
      expect([...(await letterValues(join(directory, "letters")))].toSorted()).toEqual(topic.rejected.toSorted());
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  expect(conflicts, `seed ${seed}: the rivals never met`).toBeGreaterThan(0);
}, 300_000);
