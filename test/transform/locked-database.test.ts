import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileTransform } from "../../transform/compile.ts";
import { type LockedDatabase, openLockedDatabase } from "../../transform/locked-database.ts";
import { openTransformer } from "../../transform/transformer.ts";

let directory: string;
let outside: string;
let locked: LockedDatabase;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-locked-"));
  outside = await mkdtemp(join(tmpdir(), "snowline-outside-"));
  await writeFile(join(outside, "secret.csv"), "a,b\n1,2\n");
  await writeFile(join(directory, "other.csv"), "a,b\n1,2\n");
  locked = await openLockedDatabase({ directory, memoryBytes: 128e6, threads: 1 });
});
afterAll(async () => {
  locked.close();
  await rm(directory, { recursive: true });
  await rm(outside, { recursive: true });
});

const reaching = (): readonly string[] => [
  `SELECT * FROM read_csv('${outside}/secret.csv')`,
  `SELECT * FROM '${outside}/secret.csv'`,
  `SELECT * FROM read_text('${directory}/../${outside.split("/").at(-1)}/secret.csv')`,
  `SELECT * FROM read_blob('/etc/passwd')`,
  `SELECT * FROM glob('${outside}/*')`,
  `COPY (SELECT 1) TO '${outside}/out.csv'`,
  `ATTACH '${outside}/new.db'`,
  `EXPORT DATABASE '${outside}/export'`,
  "INSTALL httpfs",
  "LOAD httpfs",
  "SELECT * FROM read_csv('http://127.0.0.1:1/a.csv')",
  "SELECT getenv('HOME')",
  "SET threads = 4",
  "SET memory_limit = '8GB'",
  "RESET memory_limit",
  "PRAGMA enable_external_access = true",
  "SET GLOBAL enable_external_access = true",
  "SET allowed_directories = ['/']",
  "SET TimeZone = 'Europe/Berlin'",
  "SET lock_configuration = false",
];

test("the database itself reaches nothing outside its directory and takes no settings", async () => {
  for (const sql of reaching()) {
    const outcome = await locked.connection.run(sql).then(
      () => "went through",
      (error: Error) => error.message,
    );
    expect(`${sql}: ${outcome}`).toMatch(/Permission Error|disabled|locked|does not exist|Cannot (access|change)/);
  }
  expect(existsSync(join(outside, "out.csv")) || existsSync(join(outside, "new.db")) || existsSync(join(outside, "export"))).toBe(
    false,
  );
});

/** What the database would let through, because it is its own directory or its own state, and the pipeline's SQL may not. */
const inside = (): readonly string[] => [
  `SELECT * FROM read_csv('${directory}/other.csv')`,
  `SELECT * FROM '${directory}/other.csv'`,
  `SELECT a FROM source, read_text('${directory}/*')`,
  `SELECT (SELECT content FROM read_text('${directory}/other.csv')) AS a FROM source`,
  `WITH x AS (SELECT * FROM read_parquet('${directory}/rows-1.parquet')) SELECT * FROM source, x`,
  "SELECT current_setting('memory_limit') AS a FROM source",
  "SELECT getvariable('a') AS a FROM source",
  "SELECT main.getvariable('a') AS a FROM source",
  "SELECT current_user AS a FROM source",
  "SELECT * FROM source, duckdb_settings()",
  "SELECT * FROM source, duckdb_secrets()",
  "SELECT * FROM source, query('SELECT 1')",
  "SELECT * FROM source, query_table('rates')",
  "SELECT * FROM source, pragma_version()",
  "SELECT * FROM source, pg_catalog.pg_settings",
  "SELECT * FROM source, information_schema.tables",
  "SELECT * FROM source, __snowline_batch",
  "SELECT * FROM source, json_execute_serialized_sql('{}')",
  "SELECT write_log('x') AS a FROM source",
  "SELECT nextval('s') AS a FROM source",
  "SELECT * FROM source WHERE EXISTS (SELECT 1 FROM sniff_csv('/etc/passwd'))",
  `COPY source TO '${directory}/out.csv'`,
  "ATTACH ':memory:' AS other",
  "SET VARIABLE a = 1",
  "CALL enable_logging()",
  "PRAGMA enable_profiling",
];

describe.each([
  ["outside", reaching],
  ["inside", inside],
] as const)("SQL that reaches %s", (_where, statements) => {
  test("is refused when it is compiled", async () => {
    for (const sql of statements()) {
      const found = await compileTransform({ source: [{ name: "a", type: "VARCHAR" }], transform: { sql }, upsertKey: null });
      expect(Array.isArray(found) ? found.length : `${sql} was compiled`).toBeGreaterThan(0);
    }
    expect(existsSync(join(directory, "out.csv"))).toBe(false);
  });

  test("is refused when it is run, though somebody stored it as compiled", async () => {
    for (const sql of statements()) {
      const source = [{ name: "a", type: "VARCHAR" }];
      const compiled = { sql, source, meta: [], lookups: {}, output: source, perBatch: false, warnings: [] };
      const opened = openTransformer({
        compiled,
        target: [{ name: "a", type: "VARCHAR", nullable: true }],
        upsertKey: null,
        scratchDirectory: directory,
        memoryBytes: 128e6,
        threads: 1,
        path: (text) => text,
        now: () => 0,
        onLookup: () => undefined,
      });
      await expect(opened, sql).rejects.toThrow("transform.sql: ");
    }
    expect(existsSync(join(directory, "out.csv"))).toBe(false);
  });
});
