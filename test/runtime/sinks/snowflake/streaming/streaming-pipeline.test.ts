import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { PipelineSpec } from "../../../../../crds/kinds/pipeline.ts";
import { assemble } from "../../../../../runtime/assemble.ts";
import { systemClock } from "../../../../../runtime/engine/clock.ts";
import { PipelineReport } from "../../../../../runtime/engine/report.ts";
import { runPipeline, type Summary } from "../../../../../runtime/engine/run-pipeline.ts";
import { Registry } from "prom-client";
import { pino } from "pino";
import { letterValues } from "../../../../e2e/exactly-once/table.ts";
import { smallColumns, smallSql, writeSmallTopic } from "../../../../e2e/exactly-once/topic.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";

async function runHere(account: TestAccount, directory: string, sql = smallSql): Promise<Summary> {
  const { database, schema } = account;
  const spec: PipelineSpec = {
    source: { files: { paths: ["topic/*.jsonl"], format: { json: { columns: smallColumns } } } },
    transform: { sql, lookups: {} },
    sink: {
      snowflake: {
        connection: "warehouse",
        database,
        schema,
        table: "SMALL",
        mode: { append: {} },
        schemaEvolution: "none",
        load: { streaming: { everySeconds: 1, upToBytes: "1Mi", upToRows: 50, onRejectedRows: "deadLetter" } },
      },
    },
    deadLetter: { files: { directory: "letters" } },
  };
  const log = pino({ level: "silent" });
  const scratchDirectory = join(directory, "scratch");
  await mkdir(scratchDirectory, { recursive: true });
  const context = { ...account.context(), path: (text: string) => resolve(directory, text), scratchDirectory, log };
  await using assembled = await assemble(spec, { context, limits: { memoryBytes: 1024 * 2 ** 20, cpus: 1 } });
  return await runPipeline({
    ...assembled,
    output: assembled.compiled.output,
    meta: assembled.compiled.meta,
    openTransformer: (target) => assembled.openTransformer(target, () => {}),
    until: "stopped",
    report: new PipelineReport({
      pipeline: context.pipeline,
      schemaVersion: assembled.schemaVersion,
      clock: systemClock,
      registry: new Registry(),
    }),
    clock: systemClock,
    random: () => 0,
    loopActiveMs: () => 0,
    log,
    signal: new AbortController().signal,
    graceMs: 10_000,
  });
}

test("a pipeline that streams: each record is a row or a letter, also those that Snowflake refuses after it took them", async (context) => {
  await using account = await openTestAccount();
  if (account.faults === null) context.skip("needs refusals on command");
  const directory = await mkdtemp(join(tmpdir(), "snowline-streaming-"));
  try {
    const topic = await writeSmallTopic(join(directory, "topic"), { files: 3, recordsPerFile: 60 });
    await account.query("CREATE TABLE SMALL (FILE VARCHAR, N NUMBER(19,0), TEXT VARCHAR) ERROR_LOGGING = TRUE");
    account.faults?.add({ action: { kind: "rejectedRows", rows: 2 }, path: "/rows", count: 3 });
    expect(await runHere(account, directory)).toMatchObject({ endedBy: "ended", recordsLoaded: 180 });
    const rows = await account.query("SELECT FILE, N FROM SMALL");
    const letters = [...(await letterValues(join(directory, "letters")))];
    expect(rows).toHaveLength(topic.rows.length - 6);
    expect(letters.length).toBe(topic.rejected.length + 6);
    const names = (values: readonly { readonly file: string; readonly n: number }[]) =>
      values.map(({ file, n }) => `${file}/${n}`).toSorted((a, b) => a.localeCompare(b));
    const late = letters
      .filter((value) => !topic.rejected.includes(value))
      .map((value) => JSON.parse(value) as { file: string; n: number });
    expect(names([...rows.map((row) => ({ file: row["FILE"]!, n: Number(row["N"]) })), ...late])).toEqual(names(topic.rows));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);

test("SQL whose rows do not come from one record each is refused before anything is opened", async () => {
  await using account = await openTestAccount();
  const directory = await mkdtemp(join(tmpdir(), "snowline-streaming-"));
  try {
    const running = runHere(account, directory, "SELECT file, count(*) AS n FROM source GROUP BY file");
    await expect(running).rejects.toThrow(/spec\.transform\.sql: aggregates: .*use load\.copy/);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
