import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { duckdbType } from "../../../warehouse/engine/duckdb-types.ts";
import { quoted } from "../../../warehouse/engine/physical-name.ts";
import type { SnowflakeType } from "../../../warehouse/engine/snowflake-type.ts";
import type { TableDefinition } from "../../../warehouse/engine/table-definition.ts";
import { createErrorRows, errorTableQuery } from "../../../warehouse/streaming/error-rows.ts";
import { loadRows, misfits } from "../../../warehouse/streaming/load-rows.ts";
import { evolvedType } from "../../../warehouse/streaming/evolve-table.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("SET SESSION TimeZone = 'UTC'");
  await connection.run('CREATE SCHEMA snowline; CREATE SCHEMA "DB.PUBLIC"');
  await createErrorRows(connection);
});
afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

interface Column {
  readonly name: string;
  readonly type: SnowflakeType;
  readonly nullable?: boolean;
}

async function makeTable(columns: readonly Column[], errorLogging = false): Promise<TableDefinition> {
  await connection.run(
    `CREATE TABLE "DB.PUBLIC"."T" (${columns.map(({ name, type }) => `${quoted(name)} ${duckdbType(type)}`).join(", ")})`,
  );
  return {
    name: { database: "DB", schema: "PUBLIC", name: "T" },
    id: 7,
    kind: "permanent",
    columns: columns.map(({ name, type, nullable = true }) => ({ name, type, nullable, defaultSql: null })),
    schemaEvolution: false,
    errorLogging,
    owner: "ACCOUNTADMIN",
    createdOnMs: 0,
  };
}

const load = (
  table: TableDefinition,
  lines: readonly string[],
  more: { mapping?: { member: string; column: string }[]; rejectsForced?: number } = {},
) =>
  loadRows(connection, {
    table,
    mapping: more.mapping ?? null,
    lines: lines.join("\n"),
    rejectsForced: more.rejectsForced ?? 0,
    errors: { pipe: "T-STREAMING", channel: "c", offsetLowerBound: "1", offsetUpperBound: "9", nowMs: 1_700_000_000_000 },
  });
const rows = async () => (await connection.runAndReadAll('SELECT * FROM "DB.PUBLIC"."T"')).getRowsJson();

const number: SnowflakeType = { kind: "NUMBER", precision: 4, scale: 1 };
const text: SnowflakeType = { kind: "VARCHAR", length: 3 };

test("rows that do not fit are left out, the others are there in their order, and the first reason has no value in it", async () => {
  const table = await makeTable([
    { name: "ID", type: number },
    { name: "NAME", type: text, nullable: false },
  ]);
  const loaded = await load(table, [
    '{"ID":1,"NAME":"one"}',
    '{"ID":"secret","NAME":"two"}',
    '{"ID":"3.14","NAME":"x"}',
    '{"ID":4,"NAME":"four"}',
    '{"ID":5,"NAME":null}',
    '{"ID":99999,"NAME":"y"}',
    '{"ID":true,"NAME":"y"}',
    "{broken",
    "[1]",
    '{"ID":null,"NAME":"z"}',
    "",
  ]);
  expect(loaded).toEqual({ parsed: 10, inserted: 3, message: "Value is not recognized as NUMBER" });
  expect(await rows()).toEqual([
    ["1.0", "one"],
    ["3.1", "x"],
    [null, "z"],
  ]);
});

test("numbers of any length are exact, and one digit too many is a fault", async () => {
  const table = await makeTable([
    { name: "W", type: { kind: "NUMBER", precision: 38, scale: 0 } },
    { name: "S", type: { kind: "NUMBER", precision: 20, scale: 2 } },
  ]);
  const lines = [
    `{"W":${"9".repeat(38)},"S":"${"9".repeat(18)}.99"}`,
    '{"W":"-12","S":-0.005}',
    `{"W":1${"0".repeat(38)}}`,
    `{"S":1${"0".repeat(18)}}`,
  ];
  expect(await load(table, lines)).toMatchObject({ parsed: 4, inserted: 2 });
  expect(await rows()).toEqual([
    ["9".repeat(38), `${"9".repeat(18)}.99`],
    ["-12", "-0.01"],
  ]);
});

test("members meet the columns of their names whatever the letters' case; others are passed over, missing ones are NULL", async () => {
  const table = await makeTable([
    { name: "ID", type: number },
    { name: 'odd/~"name', type: text },
    { name: "NONE", type: text },
  ]);
  expect(await load(table, ['{"id":1,"odd/~\\"name":"a","extra":2}', '{"Id":2}'])).toMatchObject({ inserted: 2 });
  expect(await rows()).toEqual([
    ["1.0", "a", null],
    ["2.0", null, null],
  ]);
});

test("values become what Snowflake makes of them", async () => {
  const table = await makeTable([
    { name: "F", type: { kind: "FLOAT" } },
    { name: "B", type: { kind: "BOOLEAN" } },
    { name: "D", type: { kind: "DATE" } },
    { name: "T", type: { kind: "TIME", scale: 9 } },
    { name: "N", type: { kind: "TIMESTAMP_NTZ", scale: 9 } },
    { name: "Z", type: { kind: "TIMESTAMP_TZ", scale: 9 } },
    { name: "X", type: { kind: "BINARY", length: 2 } },
    { name: "V", type: { kind: "VARIANT" } },
    { name: "O", type: { kind: "OBJECT" } },
    { name: "A", type: { kind: "ARRAY" } },
  ]);
  const good =
    '{"F":"NaN","B":"true","D":"2026-01-02","T":"01:02:03.5","N":"2026-01-02 03:04:05.678901","Z":"2026-01-02T03:04:05+02:00","X":"0aFF","V":[1,{"a":null}],"O":{"a":1},"A":[1]}';
  const bad = [
    '{"X":"0aFF00"}',
    '{"X":"0"}',
    '{"X":"zz"}',
    '{"O":[1]}',
    '{"A":{}}',
    '{"D":"never"}',
    '{"B":"maybe"}',
    '{"F":"x"}',
  ];
  expect(await load(table, [good, ...bad])).toMatchObject({ parsed: 9, inserted: 1 });
  const [row] = await rows();
  expect(row!.slice(1)).toEqual([
    true,
    "2026-01-02",
    "01:02:03.5",
    "2026-01-02 03:04:05.678901",
    "2026-01-02 01:04:05+00",
    "\\x0A\\xFF",
    '[1,{"a":null}]',
    '{"a":1}',
    "[1]",
  ]);
});

test("a pipe's mapping says which member is which column's, and names are exact there", async () => {
  const table = await makeTable([
    { name: "ID", type: number },
    { name: "NAME", type: text },
  ]);
  const mapping = [{ member: "number", column: "ID" }];
  expect(await load(table, ['{"number":1,"NAME":"a"}', '{"NUMBER":2}'], { mapping })).toMatchObject({ inserted: 2 });
  expect(await rows()).toEqual([
    ["1.0", null],
    [null, null],
  ]);
});

test("with ERROR_LOGGING rejected rows are kept as they came, with the channel, its bounds and the reason", async () => {
  const table = await makeTable([{ name: "ID", type: number, nullable: false }], true);
  await load(table, ['{"ID":"x"}', "{broken", "{}", '{"ID":1}']);
  const reader = await connection.runAndReadAll(
    `SELECT ERROR_DATA ->> '$."$1"', ERROR_CODE, ERROR_METADATA ->> 'error_source', ERROR_METADATA -> 'details' ->> 'channel_name', ERROR_METADATA -> 'details' ->> 'offset_token_upper_bound', ERROR_METADATA -> 'details' ->> 'error_data_content_type' FROM ${errorTableQuery(7)}`,
  );
  expect(reader.getRowsJson()).toEqual([
    ['{"ID":"x"}', "100038", "ID", "c", "9", "json"],
    ["{broken", "100069", null, "c", "9", "json-invalid"],
    ["{}", "100072", "ID", "c", "9", "json"],
  ]);
  const others = await connection.runAndReadAll(`SELECT * FROM ${errorTableQuery(8)}`);
  expect(others.currentRowCount).toBe(0);
});

test("a test may have rows rejected that fit", async () => {
  const table = await makeTable([{ name: "ID", type: number }]);
  expect(await load(table, ['{"ID":1}', '{"ID":2}', '{"ID":3}'], { rejectsForced: 2 })).toMatchObject({ parsed: 3, inserted: 1 });
  expect(await rows()).toEqual([["3.0"]]);
});

test("members without a column are found with the types they would have", async () => {
  const table = await makeTable([{ name: "ID", type: number }]);
  const lines = ['{"id":1,"a":1,"b":1.5,"c":"x","d":true,"e":[1],"f":{},"g":null}', '{"a":2,"b":1,"c":2}'];
  const { members, lacking } = await misfits(connection, table, lines.join("\n"));
  expect(lacking.size).toBe(0);
  const types = [...members].map(([name, kinds]) => [name, evolvedType(kinds).kind] as const);
  expect(types.toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
    ["A", "NUMBER"],
    ["B", "FLOAT"],
    ["C", "VARIANT"],
    ["D", "BOOLEAN"],
    ["E", "ARRAY"],
    ["F", "OBJECT"],
    ["G", "VARCHAR"],
  ]);
});
