import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parquetType } from "../../transform/parquet-types.ts";

/** Types as DuckDB prints them, each with the values most likely to be lost, as SQL. */
const edges: readonly (readonly [type: string, ...values: string[]])[] = [
  ["BOOLEAN", "true", "false"],
  ["TINYINT", "-128"],
  ["UBIGINT", "18446744073709551615"],
  ["BIGINT", "-9223372036854775808"],
  ["HUGEINT", "'170141183460469231731687303715884105727'", "'-170141183460469231731687303715884105728'", "9007199254740993"],
  ["UHUGEINT", "'340282366920938463463374607431768211455'"],
  ["BIGNUM", "'-123456789012345678901234567890123456789012345678901234567890'"],
  ["FLOAT", "'1e-45'", "'nan'", "'-infinity'"],
  ["DOUBLE", "'-0.0'", "0.1", "'inf'"],
  ["DECIMAL(4,1)", "'-999.9'"],
  ["DECIMAL(38,0)", "'99999999999999999999999999999999999999'"],
  ["DECIMAL(38,38)", "'-0.99999999999999999999999999999999999999'"],
  ["VARCHAR", "''", "'é\u{1f9ca}'"],
  ["BLOB", "'\\x00\\xFF'"],
  ["BIT", "'0010110'"],
  ["UUID", "'ffffffff-9c0b-4ef8-bb6d-6bb9bd380a11'"],
  ["JSON", `'{"a":  1, "a": [2]}'`],
  ["DATE", "'5877642-06-25 (BC)'", "'infinity'"],
  ["TIME", "'24:00:00'", "'23:59:59.999999'"],
  ["TIME_NS", "'23:59:59.999999999'"],
  ["TIME WITH TIME ZONE", "'12:34:56.789+05:30'", "'00:00:00-15:59:59'"],
  ["TIMESTAMP", "'290309-12-22 (BC) 00:00:00'", "'2024-02-29 23:59:59.999999'", "'-infinity'"],
  ["TIMESTAMP_S", "'2024-01-01 00:00:01'", "'infinity'"],
  ["TIMESTAMP_MS", "'2024-01-01 00:00:01.123'", "'-infinity'"],
  ["TIMESTAMP_NS", "'2024-01-01 00:00:01.123456789'"],
  ["TIMESTAMP WITH TIME ZONE", "'2024-01-01 00:00:01.123456+02'", "'infinity'"],
  ["INTERVAL", "'-14 months -3 days 90 minutes'", "to_microseconds(-1)", "'1 month 1 microsecond'"],
  ["ENUM('a (b', 'it''s')", "'it''s'"],
  ["INTEGER[]", "[1, NULL]", "[]"],
  ["INTEGER[3]", "[1, 2, 3]"],
  ["HUGEINT[3][]", "[[1, 2, 170141183460469231731687303715884105727]]"],
  [
    `STRUCT(a HUGEINT, "b "" c" STRUCT("interval" INTERVAL[]))`,
    `{'a': 1, 'b " c': {'interval': [INTERVAL '1 month 1 microsecond']}}`,
  ],
  ["MAP(VARCHAR, HUGEINT)", "MAP {'a': 170141183460469231731687303715884105727}", "MAP {}"],
  ["MAP(HUGEINT, TIME WITH TIME ZONE)", "MAP {170141183460469231731687303715884105727: '12:00:00+02'::TIMETZ}"],
  [
    "UNION(num INTEGER, str VARCHAR, huge HUGEINT)",
    "'7'",
    "1::INTEGER",
    "union_value(huge := 170141183460469231731687303715884105727)",
  ],
];

let directory: string;
let connection: DuckDBConnection;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-parquet-types-"));
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone = 'America/New_York'");
});
afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true });
});

test.each(edges)("%s survives the hand-over with each of its edges", async (type, ...values) => {
  const path = join(directory, "rows.parquet");
  const travels = parquetType(type);
  const rows = ["NULL", ...values].map((value, at) => `SELECT ${at} AS i, CAST(${value} AS ${type}) AS v`).join(" UNION ALL ");
  await connection.run(`CREATE OR REPLACE TABLE before AS ${rows}`);
  await connection.run(`COPY (SELECT i, CAST(v AS ${travels}) AS v FROM before) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
  await connection.run(
    `CREATE OR REPLACE TABLE after AS SELECT i, CAST(CAST(v AS ${travels}) AS ${type}) AS v FROM read_parquet('${path}')`,
  );
  const types = await connection.runAndReadAll(
    "SELECT (SELECT typeof(v) FROM before LIMIT 1), (SELECT typeof(v) FROM after LIMIT 1)",
  );
  expect(types.getRows()[0]![0]).toBe(types.getRows()[0]![1]);
  const text = async (table: string) =>
    (await connection.runAndReadAll(`SELECT CAST(v AS VARCHAR) FROM ${table} ORDER BY i`)).getRows();
  expect(await text("after")).toEqual(await text("before"));
  const different = await connection.runAndReadAll(
    "SELECT i FROM before JOIN after USING (i) WHERE before.v IS DISTINCT FROM after.v",
  );
  expect(different.getRows()).toEqual([]);
});

test("types that Parquet has stay as they are written", () => {
  for (const type of [
    "STRUCT(a INTEGER, b VARCHAR[])",
    "MAP(VARCHAR, DECIMAL(18,2))",
    "GEOMETRY('OGC:CRS84')",
    "TIMESTAMP_NS[2]",
  ])
    expect(parquetType(type)).toBe(type);
});

test("types that Parquet lacks travel as text, at any depth", () => {
  expect(parquetType("HUGEINT")).toBe("VARCHAR");
  expect(parquetType("STRUCT(a MAP(VARCHAR, INTERVAL)[])")).toBe(`STRUCT("a" MAP(VARCHAR, VARCHAR)[])`);
  expect(parquetType("ENUM('x', 'HUGEINT')[]")).toBe("VARCHAR[]");
  expect(parquetType("TIMETZ")).toBe("VARCHAR");
});
