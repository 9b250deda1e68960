import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Column } from "../../transform/column.ts";
import { compileTransform } from "../../transform/compile.ts";
import type { CompiledTransform } from "../../transform/compiled.ts";
import type { Rows, SplitRun, Transformed } from "../../transform/rows.ts";
import { openTransformer } from "../../transform/transformer.ts";
import { linesOf } from "./run-sql.ts";

const source: readonly Column[] = [
  { name: "a", type: "INTEGER" },
  { name: "many", type: "INTEGER[]" },
];
let scratchDirectory: string;
beforeEach(async () => {
  scratchDirectory = await mkdtemp(join(tmpdir(), "snowline-origins-"));
});
afterEach(() => rm(scratchDirectory, { recursive: true, force: true }));

async function compile(sql: string): Promise<CompiledTransform> {
  const compiled = await compileTransform({ source, transform: { sql, lookups: {} }, upsertKey: null });
  if (Array.isArray(compiled)) throw new Error(JSON.stringify(compiled));
  return compiled;
}

interface Run {
  readonly sql: string;
  readonly records: readonly (string | null)[];
  readonly runs: readonly SplitRun[];
  /** Type that the table's column has; default: what comes out. */
  readonly type?: string;
}

async function run({ sql, records, runs, type }: Run, use: (transformed: Transformed) => Promise<void>): Promise<void> {
  const compiled = await compile(sql);
  await using transformer = await openTransformer({
    compiled,
    target: compiled.output.map((column) => ({ name: column.name, type: type ?? column.type, nullable: true })),
    upsertKey: null,
    origins: true,
    scratchDirectory,
    memoryBytes: 256e6,
    threads: 1,
    path: (text) => text,
    now: () => 0,
    onLookup: () => undefined,
  });
  const rejected = records.flatMap((record, ordinal) => (record === null ? [{ ordinal, error: "refused before" }] : []));
  await use(await transformer.run({ ...linesOf(records), runs }, rejected, new AbortController().signal));
}

async function read({ path }: Rows): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      "SELECT COLUMNS(c -> c NOT LIKE '\\_\\_snowline%' ESCAPE '\\'), __snowline_split, __snowline_ordinal FROM read_parquet($1) ORDER BY ALL",
      [path],
    );
    connection.closeSync();
    return reader.getRowsJson();
  } finally {
    instance.closeSync();
  }
}

test("rows say their record and its split, also where a record makes several rows or none", async () => {
  const records = ['"a":10,"many":[1,2]', '"a":11,"many":[]', '"a":12,"many":[3]', '"a":13,"many":[4]'];
  const runs = [
    { split: 1, end: 2 },
    { split: 0, end: 3 },
    { split: 1, end: 4 },
  ];
  await run({ sql: "SELECT a, unnest(many) AS one FROM source", records, runs }, async ({ rows }) => {
    expect(rows!.columns.map(({ name }) => name)).toEqual(["a", "one"]);
    expect(await read(rows!)).toEqual([
      [10, 1, 1, 0],
      [10, 2, 1, 0],
      [12, 3, 0, 2],
      [13, 4, 1, 3],
    ]);
  });
});

test("rows that are checked against the table say it as well, and rejected records have none", async () => {
  const records = ['"a":1', null, '"a":1000', '"a":3'];
  const runs = [
    { split: 0, end: 3 },
    { split: 1, end: 4 },
  ];
  await run({ sql: "SELECT a FROM source", records, runs, type: "TINYINT" }, async ({ rows, rejects }) => {
    expect(rejects.map(({ ordinal }) => ordinal)).toEqual([1, 2]);
    expect(await read(rows!)).toEqual([
      [1, 0, 0],
      [3, 1, 3],
    ]);
  });
});

test("a batch whose runs do not hold all its records is a fault of the program", async () => {
  await expect(
    run({ sql: "SELECT a FROM source", records: ['"a":1', '"a":2'], runs: [{ split: 0, end: 1 }] }, async () => {}),
  ).rejects.toThrow("runs hold 1 records, not 2");
});

test("SQL over several records cannot say where a row comes from: opening throws and says what to do", async () => {
  const opening = run(
    { sql: "SELECT count(*) AS n FROM source", records: ['"a":1'], runs: [{ split: 0, end: 1 }] },
    async () => {},
  );
  await expect(opening).rejects.toThrow("use load.copy");
});

test.each([
  ["SELECT count(*) AS n FROM source", "aggregates: "],
  ["SELECT DISTINCT a FROM source", "DISTINCT: "],
  ["SELECT a, row_number() OVER () AS n FROM source", "window functions: "],
])("compiled for rows of one record each, %s is refused with what to do", async (sql, reason) => {
  const problems = await compileTransform({ source, transform: { sql, lookups: {} }, upsertKey: null, perRecord: true });
  expect(problems).toEqual([{ path: "transform.sql", message: expect.stringMatching(`^${reason}.*use load.copy`) }]);
});

test("compiled for rows of one record each, SQL that keeps records apart is accepted", async () => {
  const sql = "SELECT a, unnest(many) AS one FROM source WHERE a > 1";
  expect(await compileTransform({ source, transform: { sql, lookups: {} }, upsertKey: null, perRecord: true })).toMatchObject({
    sql,
  });
});
