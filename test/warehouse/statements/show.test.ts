import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine } from "./open-engine.ts";

let engine: Engine;
let session: EngineSession;
beforeAll(async () => {
  engine = await openEngine();
  session = await engine.session();
  await session.execute("CREATE TABLE orders (id NUMBER PRIMARY KEY, name VARCHAR(10) NOT NULL, ts TIMESTAMP_NTZ(3))");
  await session.execute("INSERT INTO orders (id, name) VALUES (1, 'a'), (2, 'b')");
  await session.execute("CREATE TRANSIENT TABLE other (x NUMBER)");
  await session.execute("CREATE VIEW big AS SELECT id FROM orders");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** The rows of a SHOW as objects. */
const shown = async (sql: string) => {
  const { columns, rows } = await session.execute(sql);
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
};

test("SHOW TABLES, VIEWS and OBJECTS list what is in the schema", async () => {
  expect(await shown("SHOW TABLES")).toMatchObject([
    { name: "ORDERS", database_name: "DB", schema_name: "PUBLIC", kind: "TABLE", rows: "2", owner: "ACCOUNTADMIN" },
    { name: "OTHER", kind: "TRANSIENT", rows: "0" },
  ]);
  expect((await shown("SHOW TERSE TABLES LIKE 'o%' IN DATABASE db STARTS WITH 'OT' LIMIT 5")).map(({ name }) => name)).toEqual([
    "OTHER",
  ]);
  expect(await shown("SHOW VIEWS IN SCHEMA db.public")).toMatchObject([
    { name: "BIG", text: "create view DB.PUBLIC.BIG as SELECT id FROM orders" },
  ]);
  expect((await shown("SHOW OBJECTS IN ACCOUNT")).map(({ name, kind }) => [name, kind])).toEqual([
    ["BIG", "VIEW"],
    ["ORDERS", "TABLE"],
    ["OTHER", "TABLE"],
  ]);
  expect(await session.failure("SHOW TABLES IN SCHEMA nope")).toMatchObject({ code: "002043" });
});

test("SHOW COLUMNS and PRIMARY KEYS tell of a table", async () => {
  const columns = await shown("SHOW COLUMNS IN TABLE orders");
  expect(columns.map((column) => [column["column_name"], column["null?"], JSON.parse(column["data_type"]!)["type"]])).toEqual([
    ["ID", "NOT_NULL", "FIXED"],
    ["NAME", "NOT_NULL", "TEXT"],
    ["TS", "true", "TIMESTAMP_NTZ"],
  ]);
  expect(await shown("SHOW PRIMARY KEYS IN TABLE orders")).toMatchObject([
    { table_name: "ORDERS", column_name: "ID", key_sequence: "1" },
  ]);
});

test("SHOW tells of the account", async () => {
  expect((await shown("SHOW DATABASES")).map(({ name, is_current: isCurrent }) => [name, isCurrent])).toEqual([["DB", "Y"]]);
  expect((await shown("SHOW TERSE SCHEMAS IN DATABASE db")).map(({ name }) => name)).toEqual(["PUBLIC"]);
  expect(await shown("SHOW WAREHOUSES LIKE 'compute%'")).toMatchObject([{ name: "COMPUTE_WH", size: "X-Small" }]);
  expect((await shown("SHOW USERS")).map(({ name }) => name)).toEqual(["TESTER"]);
  await session.execute("ALTER SESSION SET QUERY_TAG = 'me'");
  expect(await shown("SHOW PARAMETERS LIKE 'QUERY_TAG' IN SESSION")).toMatchObject([
    { key: "QUERY_TAG", value: "me", default: "", level: "SESSION" },
  ]);
});

test("INFORMATION_SCHEMA is queried as tables are", async () => {
  expect(
    await session.rows(
      "SELECT t.table_name, row_count FROM information_schema.tables t WHERE table_type = 'BASE TABLE' ORDER BY 1",
    ),
  ).toEqual([
    ["ORDERS", "2"],
    ["OTHER", "0"],
  ]);
  expect(
    await session.rows(
      "SELECT column_name, data_type, character_maximum_length, datetime_precision FROM db.information_schema.columns WHERE table_name = 'ORDERS' ORDER BY ordinal_position",
    ),
  ).toEqual([
    ["ID", "NUMBER", null, null],
    ["NAME", "TEXT", "10", null],
    ["TS", "TIMESTAMP_NTZ", null, "3"],
  ]);
  expect(await session.rows("SELECT schema_name FROM information_schema.schemata ORDER BY 1")).toEqual([
    ["INFORMATION_SCHEMA"],
    ["PUBLIC"],
  ]);
});

test("QUERY_HISTORY has the statements that were run, by their time and number", async () => {
  const { account } = engine;
  const start = (queryId: string, queryTag: string) =>
    account.queryHistory.start({
      queryId,
      queryText: "SELECT 1",
      queryType: "SELECT",
      queryTag,
      sessionId: 1,
      userName: "TESTER",
      roleName: "ACCOUNTADMIN",
      databaseName: "DB",
      schemaName: "PUBLIC",
      warehouseName: "COMPUTE_WH",
      warehouseSize: "X-Small",
      startTimeMs: account.now(),
    });
  start("q1", "tagged");
  account.queryHistory.succeed("q1", account.now(), { rowsProduced: 3 });
  start("q2", "tagged");
  account.queryHistory.fail("q2", account.now(), { code: "000904", message: "no" });
  const history =
    "TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(END_TIME_RANGE_START => DATEADD(MINUTE, -5, CURRENT_TIMESTAMP()), RESULT_LIMIT => 10))";
  expect(
    await session.rows(
      `SELECT query_id, execution_status, error_code, rows_produced FROM ${history} WHERE query_tag = 'tagged' ORDER BY 1`,
    ),
  ).toEqual([
    ["q1", "SUCCESS", null, "3"],
    ["q2", "FAILED_WITH_ERROR", "904", "0"],
  ]);
  const later = history.replace("-5", "5");
  expect(await session.rows(`SELECT query_id FROM ${later}`)).toEqual([]);
  expect(await session.rows("SELECT LAST_QUERY_ID(), LAST_QUERY_ID(1)")).toEqual([["q2", "q1"]]);
});

test("histories that ask for a table or a time that is not there say so", async () => {
  expect(
    await session.failure(
      "SELECT * FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'nope', START_TIME => CURRENT_TIMESTAMP()))",
    ),
  ).toMatchObject({ code: "002003" });
  expect(
    await session.rows(
      "SELECT * FROM TABLE(db.INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'orders', START_TIME => DATEADD(HOUR, -1, CURRENT_TIMESTAMP())))",
    ),
  ).toEqual([]);
  expect(
    await session.failure(
      "SELECT * FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'orders', START_TIME => DATEADD(DAY, -15, CURRENT_TIMESTAMP())))",
    ),
  ).toMatchObject({ code: "100323" });
});
