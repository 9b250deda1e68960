import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine } from "./open-engine.ts";

let engine: Engine;
let session: EngineSession;
beforeAll(async () => {
  engine = await openEngine();
  session = await engine.session();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const status = async (sql: string) => (await session.rows(sql))[0]![0];
const described = async (table: string) =>
  (await session.rows(`DESCRIBE TABLE ${table}`)).map((row) => [row[0], row[1], row[3], row[4]]);

describe("CREATE TABLE", () => {
  test("makes columns with their types, NOT NULL, defaults and comments", async () => {
    expect(
      await status(
        `CREATE TABLE a (id NUMBER, "Name" VARCHAR(10) NOT NULL DEFAULT 'x''y' COMMENT 'who', n INT, f DOUBLE PRECISION, ts TIMESTAMP,
           t6 TIMESTAMP_NTZ(6), l TIMESTAMP WITH LOCAL TIME ZONE, v VARIANT, b BINARY(4), d DECIMAL(10, 2) DEFAULT 1 + (2 * 3), s STRING,
           CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED) CLUSTER BY (id) ENABLE_SCHEMA_EVOLUTION = TRUE COMMENT = 'all'`,
      ),
    ).toBe("Table A successfully created.");
    expect(await described("a")).toEqual([
      ["ID", "NUMBER(38,0)", "N", null],
      ["Name", "VARCHAR(10)", "N", "'x''y'"],
      ["N", "NUMBER(38,0)", "Y", null],
      ["F", "FLOAT", "Y", null],
      ["TS", "TIMESTAMP_NTZ(9)", "Y", null],
      ["T6", "TIMESTAMP_NTZ(6)", "Y", null],
      ["L", "TIMESTAMP_LTZ(9)", "Y", null],
      ["V", "VARIANT", "Y", null],
      ["B", "BINARY(4)", "Y", null],
      ["D", "NUMBER(10,2)", "Y", "1 + (2 * 3)"],
      ["S", "VARCHAR(16777216)", "Y", null],
    ]);
    await session.execute("INSERT INTO a (id) VALUES (1)");
    expect(await session.rows('SELECT "Name", d FROM a')).toEqual([["x'y", "7.00"]]);
  });

  test("IF NOT EXISTS leaves a table alone, OR REPLACE makes it anew, and without them it is an error", async () => {
    await session.execute("CREATE TABLE b (x NUMBER)");
    await session.execute("INSERT INTO b VALUES (1)");
    expect(await status("CREATE TABLE IF NOT EXISTS b (y NUMBER)")).toBe("B already exists, statement succeeded.");
    expect(await session.failure("CREATE TABLE b (y NUMBER)")).toMatchObject({ code: "002002", sqlState: "42710" });
    const before = engine.account.catalog.table({ database: "DB", schema: "PUBLIC", name: "B" }, 1)!.id;
    await session.execute("CREATE OR REPLACE TABLE b (y NUMBER)");
    expect(engine.account.catalog.table({ database: "DB", schema: "PUBLIC", name: "B" }, 1)!.id).not.toBe(before);
    expect(await session.rows("SELECT y FROM b")).toEqual([]);
  });

  test("LIKE, CLONE and AS SELECT take the columns of others", async () => {
    await session.execute("CREATE TABLE c (id NUMBER NOT NULL, n VARCHAR(5) DEFAULT 'd')");
    await session.execute("INSERT INTO c (id) VALUES (1)");
    await session.execute("CREATE TABLE c_like LIKE c");
    await session.execute("CREATE TABLE c_clone CLONE c");
    await session.execute("CREATE TABLE c_query AS SELECT id AS k, n, COUNT(*) OVER () AS c FROM c");
    expect(await described("c_like")).toEqual(await described("c"));
    expect(await session.rows("SELECT * FROM c_clone")).toEqual([["1", "d"]]);
    expect(await session.rows("SELECT COUNT(*) FROM c_like")).toEqual([["0"]]);
    expect((await described("c_query")).map(([name, type]) => [name, type])).toEqual([
      ["K", "NUMBER(38,0)"],
      ["N", "VARCHAR(5)"],
      ["C", "NUMBER(38,0)"],
    ]);
  });

  test("AUTOINCREMENT counts", async () => {
    await session.execute("CREATE TABLE counted (id NUMBER AUTOINCREMENT START 10 INCREMENT 5, x VARCHAR)");
    await session.execute("INSERT INTO counted (x) VALUES ('a'), ('b')");
    expect(await session.rows("SELECT id FROM counted ORDER BY id")).toEqual([["10"], ["15"]]);
  });

  test("a temporary table is its session's alone, and hides another", async () => {
    const other = await engine.session();
    await session.execute("CREATE TABLE e (x NUMBER)");
    await session.execute("CREATE TEMPORARY TABLE e (y NUMBER)");
    await session.execute("INSERT INTO e (y) VALUES (1)");
    expect(await session.rows("SELECT y FROM e")).toEqual([["1"]]);
    expect(await other.rows("SELECT x FROM e")).toEqual([]);
    await session.execute("DROP TABLE e");
    expect(await session.rows("SELECT x FROM e")).toEqual([]);
  });

  test("two sessions that make the same table with IF NOT EXISTS both succeed", async () => {
    const other = await engine.session();
    const sql = "CREATE TABLE IF NOT EXISTS both (x NUMBER)";
    const answers = await Promise.all([session.rows(sql), other.rows(sql)]);
    expect(new Set(answers.flat(2))).toEqual(
      new Set(["BOTH already exists, statement succeeded.", "Table BOTH successfully created."]),
    );
  });

  test.for([
    ["CREATE TABLE bad (x NOTATYPE)", "002040"],
    ["CREATE TABLE bad (x NUMBER(39, 0))", "001008"],
    ["CREATE TABLE bad (x NUMBER", "001003"],
    ["CREATE TABLE nowhere.bad (x NUMBER)", "002003"],
    ["CREATE TABLE bad (x NUMBER) NONSENSE = 1", "001003"],
  ] as const)("%s fails with %s", async ([sql, code]) => {
    expect(await session.failure(sql)).toMatchObject({ code });
  });
});

describe("ALTER TABLE", () => {
  test("adds columns, those that are there too where IF NOT EXISTS says so", async () => {
    await session.execute("CREATE TABLE g (id NUMBER)");
    await session.execute("INSERT INTO g VALUES (1)");
    await session.execute(
      "ALTER TABLE g ADD COLUMN IF NOT EXISTS id NUMBER, IF NOT EXISTS n VARCHAR(3), d NUMBER(5,1) DEFAULT 2 NOT NULL",
    );
    expect(await described("g")).toEqual([
      ["ID", "NUMBER(38,0)", "Y", null],
      ["N", "VARCHAR(3)", "Y", null],
      ["D", "NUMBER(5,1)", "N", "2"],
    ]);
    expect(await session.rows("SELECT * FROM g")).toEqual([["1", null, "2.0"]]);
    expect(await session.failure("ALTER TABLE g ADD COLUMN n VARCHAR")).toMatchObject({ code: "001430" });
  });

  test("widens texts and numbers, and refuses what Snowflake refuses", async () => {
    await session.execute("CREATE TABLE h (s VARCHAR(3), n NUMBER(5,2), f FLOAT)");
    await session.execute("INSERT INTO h VALUES ('abc', 123.45, 1)");
    await session.execute("ALTER TABLE h ALTER COLUMN s SET DATA TYPE VARCHAR(10), n SET DATA TYPE NUMBER(12,2)");
    await session.execute("INSERT INTO h VALUES ('abcdefghij', 1234567890.12, 1)");
    for (const change of [
      "s SET DATA TYPE VARCHAR(5)",
      "n SET DATA TYPE NUMBER(12,3)",
      "n SET DATA TYPE NUMBER(4,2)",
      "s SET DATA TYPE NUMBER",
      "f TYPE NUMBER",
    ])
      expect(await session.failure(`ALTER TABLE h ALTER COLUMN ${change}`)).toMatchObject({ code: "002108" });
    expect(await session.rows("SELECT COUNT(*) FROM h")).toEqual([["2"]]);
  });

  test("changes NOT NULL, names, properties, and drops columns", async () => {
    await session.execute("CREATE TABLE k (id NUMBER NOT NULL, n VARCHAR)");
    await session.execute("ALTER TABLE k ALTER COLUMN id DROP NOT NULL");
    await session.execute("INSERT INTO k VALUES (NULL, 'x')");
    expect(await session.failure("ALTER TABLE k ALTER COLUMN id SET NOT NULL")).toMatchObject({ code: "100072" });
    await session.execute("ALTER TABLE k RENAME COLUMN n TO m");
    await session.execute("ALTER TABLE k DROP COLUMN IF EXISTS gone");
    await session.execute("ALTER TABLE k DROP COLUMN id");
    await session.execute("ALTER TABLE k SET ENABLE_SCHEMA_EVOLUTION = TRUE, ERROR_LOGGING = TRUE COMMENT = 'c'");
    await session.execute("COMMENT ON COLUMN k.m IS 'column'");
    expect((await session.rows("DESCRIBE TABLE k"))[0]![9]).toBe("column");
    await session.execute("ALTER TABLE k RENAME TO k2");
    expect(engine.account.catalog.table({ database: "DB", schema: "PUBLIC", name: "K2" }, 1)).toMatchObject({
      schemaEvolution: true,
      errorLogging: true,
      comment: "c",
    });
    expect(await session.rows("SELECT m FROM k2")).toEqual([["x"]]);
    expect(await session.failure("SELECT * FROM k")).toMatchObject({ code: "002003" });
    expect(await session.failure("ALTER TABLE k2 DROP COLUMN gone")).toMatchObject({ code: "002003" });
  });

  test("sessions that add the same column at once both succeed with IF NOT EXISTS", async () => {
    const other = await engine.session();
    await session.execute("CREATE TABLE m (id NUMBER)");
    const sql = "ALTER TABLE m ADD COLUMN IF NOT EXISTS x VARCHAR";
    await Promise.all([session.execute(sql), other.execute(sql)]);
    expect((await described("m")).map(([name]) => name)).toEqual(["ID", "X"]);
  });
});

describe("views, schemas and databases", () => {
  test("a view is read in the schema where it was made, whatever the session's is", async () => {
    await session.execute("CREATE TABLE base (id NUMBER, n NUMBER)");
    await session.execute("INSERT INTO base VALUES (1, 2)");
    await session.execute("CREATE VIEW v1 (a, b) AS SELECT id, n + 1 FROM base");
    await session.execute("CREATE OR REPLACE VIEW v2 AS SELECT a FROM v1 WHERE b = 3");
    await session.execute("CREATE SCHEMA elsewhere");
    expect(await session.rows("SELECT CURRENT_SCHEMA()")).toEqual([["ELSEWHERE"]]);
    expect(await session.rows("SELECT * FROM db.public.v2")).toEqual([["1"]]);
    await session.execute("USE SCHEMA db.public");
    expect(await session.failure("INSERT INTO v1 VALUES (1, 2)")).toMatchObject({ code: "002003" });
    expect(await session.failure("DROP TABLE v1")).toMatchObject({ code: "002203" });
    expect(await status("DROP VIEW v1")).toBe("V1 successfully dropped.");
  });

  test("a schema goes with what is in it", async () => {
    await session.execute("CREATE DATABASE d2");
    await session.execute("CREATE SCHEMA d2.s2");
    await session.execute("CREATE TABLE d2.s2.t (x NUMBER)");
    await session.execute("DROP SCHEMA d2.s2");
    expect(await session.failure("SELECT * FROM d2.s2.t")).toMatchObject({ code: "002003" });
    await session.execute("DROP DATABASE d2");
    expect(await session.failure("USE DATABASE d2")).toMatchObject({ code: "002043" });
    expect(await session.failure("SELECT * FROM base")).toMatchObject({ code: "090105" });
    await session.execute("USE SCHEMA db.public");
  });

  test("quoted names keep their letters", async () => {
    await session.execute('CREATE TABLE "Mixed case" ("a b" NUMBER, "UPPER" NUMBER)');
    await session.execute('INSERT INTO "Mixed case" ("a b", upper) VALUES (1, 2)');
    expect((await session.execute('SELECT * FROM "Mixed case"')).columns.map(({ name }) => name)).toEqual(["a b", "UPPER"]);
    expect((await session.failure('SELECT * FROM "mixed CASE"')).message).toContain('"mixed CASE"');
  });

  test("session variables stand in statements", async () => {
    await session.execute("SET wanted = 'x''y'");
    expect(await session.rows("SELECT $wanted, $WANTED || '!'")).toEqual([["x'y", "x'y!"]]);
    await session.execute("UNSET wanted");
    expect(await session.failure("SELECT $wanted")).toMatchObject({ code: "002211" });
  });
});
