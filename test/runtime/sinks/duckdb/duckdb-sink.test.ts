import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Terminal } from "../../../../runtime/component/errors.ts";
import type { Sink } from "../../../../runtime/component/sink.ts";
import type { Column } from "../../../../transform/column.ts";
import { openWarehouse, type Warehouse } from "./duckdb-warehouse.ts";
import { withoutRoot } from "../../../without-root.ts";

let warehouse: Warehouse;
beforeEach(async () => {
  warehouse = await openWarehouse();
});
afterEach(async () => {
  await warehouse[Symbol.asyncDispose]();
});

const columnsOf = (declared: Readonly<Record<string, string>>): Column[] =>
  Object.entries(declared).map(([name, type]) => ({ name, type }));
const orders = columnsOf({ id: "BIGINT", text: "VARCHAR" });
const upsert = { mode: { upsert: { key: ["id"] } } } as const;

/** Prepares, and writes each query's rows in a write of its own, from where split `a` stands. */
async function loaded(sink: Sink, columns: readonly Column[], ...queries: readonly string[]): Promise<void> {
  await sink.prepare(columns);
  let stands = (await sink.restore(["a"])).get("a") ?? null;
  for (const query of queries) {
    const to = { offset: ((stands?.["offset"] as number | undefined) ?? 0) + 1 };
    expect(await sink.write(await warehouse.maker.rows(query, columns), [{ split: "a", from: stands, to }])).toEqual({
      kind: "written",
    });
    stands = to;
  }
}

describe("values:", () => {
  test("every type arrives as it left", async () => {
    const columns = columnsOf({
      huge: "HUGEINT",
      unsigned: "UHUGEINT",
      dec: "DECIMAL(38,10)",
      span: "INTERVAL",
      placed: "TIMESTAMP WITH TIME ZONE",
      clock: "TIME WITH TIME ZONE",
      mood: "ENUM('a', 'b''c')",
      doc: "JSON",
      raw: "BLOB",
      key: "UUID",
      bits: "BIT",
      nested: `STRUCT(a HUGEINT[], "x y" MAP(VARCHAR, INTERVAL))`,
      fixed: "INTEGER[2]",
      either: "UNION(n HUGEINT, s VARCHAR)",
    });
    const query = `SELECT 170141183460469231731687303715884105727 AS huge, '340282366920938463463374607431768211455' AS unsigned,
      '9999999999999999999999999999.9999999999' AS dec, '-14 months 3 days 1 microsecond' AS span, '2024-03-31 01:30:00.123456+01' AS placed,
      '23:59:59.999999-15:59' AS clock, 'b''c' AS mood, '{"b": 1,  "a": 1.50}' AS doc, '\\x00\\xFF'::BLOB AS raw,
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' AS key, '00101' AS bits, {'a': [1, NULL, 170141183460469231731687303715884105727],
      'x y': MAP {'k': INTERVAL '1 month 1 microsecond'}} AS nested, [1, 2] AS fixed, union_value(n := 7::HUGEINT) AS either`;
    await loaded(await warehouse.open(), columns, query, `SELECT ${columns.map(({ name }) => `NULL AS ${name}`).join(", ")}`);
    const types = await warehouse.query(
      "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'orders' ORDER BY column_index",
    );
    expect(types).toEqual(columns.map(({ name, type }) => [name, type]));
    const casts = columns.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(", ");
    const text = `SELECT CAST(COLUMNS(*) AS VARCHAR)`;
    await warehouse.maker.connection.run("SET TimeZone = 'UTC'");
    const expected = await warehouse.maker.connection.runAndReadAll(`${text} FROM (SELECT ${casts} FROM (${query}))`);
    await warehouse.query("SET GLOBAL TimeZone = 'UTC'");
    expect(await warehouse.query(`${text} FROM orders WHERE huge IS NOT NULL`)).toEqual(expected.getRowsJson());
    expect(await warehouse.query("SELECT count(*)::INTEGER FROM orders WHERE COLUMNS(*) IS NULL")).toEqual([[1]]);
  });

  test("names with quotes, spaces and other cases are names", async () => {
    const sink = await warehouse.open({ schema: `we"ird s`, table: `t'a"b le`, mode: { upsert: { key: [`ID "x"`] } } });
    await loaded(sink, columnsOf({ 'id "x"': "BIGINT", select: "VARCHAR" }), `SELECT 1 AS "id ""x""", 'v' AS "select"`);
    expect(await warehouse.query(`SELECT * FROM "we""ird s"."t'a""b le"`)).toEqual([["1", "v"]]);
  });

  test("a file called like Snowline's own schema works", async () => {
    await using other = await openWarehouse("snowline.duckdb");
    const sink = await other.open();
    await sink.prepare(orders);
    await sink.restore(["a"]);
    expect(
      await sink.write(await other.maker.rows("SELECT 1 AS id, 'x' AS text", orders), [
        { split: "a", from: null, to: { offset: 1 } },
      ]),
    ).toEqual({ kind: "written" });
    expect(await other.query("SELECT id::INTEGER FROM main.orders")).toEqual([[1]]);
  });
});

describe("upsert", () => {
  test("a row replaces the one with its key; columns that the rows do not have keep their values", async () => {
    await warehouse.query("CREATE TABLE orders (id BIGINT, text VARCHAR, tags VARCHAR[], seen INTEGER DEFAULT 7)");
    await warehouse.query("INSERT INTO orders VALUES (1, 'old', ['a'], 1), (2, 'stays', NULL, 2), (NULL, 'no key', NULL, 3)");
    const columns = [...orders, { name: "tags", type: "VARCHAR[]" }];
    await loaded(
      await warehouse.open(upsert),
      columns,
      "SELECT 1 AS id, 'new' AS text, NULL AS tags UNION ALL SELECT 3, NULL, ['x', 'y']",
    );
    expect(await warehouse.query("SELECT id::INTEGER, text, tags, seen FROM orders ORDER BY id NULLS LAST")).toEqual([
      [1, "new", null, 1],
      [2, "stays", null, 2],
      [3, null, ["x", "y"], 7],
      [null, "no key", null, 3],
    ]);
  });

  test("works where the key is all there is, where it has several columns, and where the table has a PRIMARY KEY", async () => {
    await warehouse.query("CREATE TABLE orders (id BIGINT, text VARCHAR, tags INTEGER[], PRIMARY KEY (text, id))");
    const sink = await warehouse.open({ mode: { upsert: { key: ["id", "text"] } } });
    await loaded(sink, orders, "SELECT 1 AS id, 'x' AS text", "SELECT 1 AS id, 'x' AS text UNION ALL SELECT 1, 'y'");
    await loaded(
      sink,
      [...orders, { name: "tags", type: "INTEGER[]" }],
      "SELECT 1 AS id, 'x' AS text, [1] AS tags",
      "SELECT 1 AS id, 'x' AS text, [2] AS tags",
    );
    expect(await warehouse.query("SELECT id::INTEGER, text, tags FROM orders ORDER BY text")).toEqual([
      [1, "x", [2]],
      [1, "y", null],
    ]);
  });

  test("a row in which deleteWhen's column is true removes the row with its key, and the column is not stored", async () => {
    const sink = await warehouse.open({ mode: { upsert: { key: ["id"], deleteWhen: "gone" } } });
    const columns = [...orders, { name: "gone", type: "BOOLEAN" }];
    expect(await sink.prepare(columns)).toMatchObject([{ name: "id" }, { name: "text" }, { name: "gone", type: "BOOLEAN" }]);
    await sink.restore(["a"]);
    const write = async (from: number, query: string) =>
      sink.write(await warehouse.maker.rows(`SELECT * FROM (VALUES ${query}) AS t(id, text, gone)`, columns), [
        { split: "a", from: from === 0 ? null : { offset: from }, to: { offset: from + 1 } },
      ]);
    await write(0, "(1, 'one', false), (2, 'two', NULL), (3, 'never', true)");
    expect(await warehouse.query("SELECT * FROM main.orders ORDER BY id")).toEqual([
      ["1", "one"],
      ["2", "two"],
    ]);
    await write(1, "(1, NULL, true), (2, 'new', false), (4, 'never', true)");
    expect(await warehouse.query("SELECT * FROM main.orders")).toEqual([["2", "new"]]);
  });

  test("two pipelines' engines that upsert the same new keys at the same time make one row of each", async () => {
    const sinks = await Promise.all(["a", "b"].map(async (split) => ({ split, sink: await warehouse.open(upsert) })));
    for (const { split, sink } of sinks) {
      await sink.prepare(orders);
      await sink.restore([split]);
    }
    for (let round = 0; round < 10; round++) {
      const rows = await warehouse.maker.rows(
        `SELECT i AS id, 'x' AS text FROM range(${round * 50}, ${round * 50 + 100}) r(i)`,
        orders,
      );
      const from = round === 0 ? null : { offset: round };
      await Promise.all(
        sinks.map(async ({ split, sink }) => {
          expect(await sink.write(rows, [{ split, from, to: { offset: round + 1 } }])).toEqual({ kind: "written" });
        }),
      );
    }
    expect(await warehouse.query("SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM orders")).toEqual([[550, 550]]);
  });
});

describe("the table:", () => {
  test("evolution adds and widens between writes and keeps what is there", async () => {
    await loaded(await warehouse.open(), columnsOf({ id: "INTEGER", s: "STRUCT(a INTEGER)" }), "SELECT 1 AS id, {'a': 1} AS s");
    const wider = columnsOf({ id: "BIGINT", s: "STRUCT(a BIGINT, b VARCHAR)", amount: "DECIMAL(18,2)" });
    const refusal = (await warehouse.open()).prepare(wider);
    await expect(refusal).rejects.toThrow(
      /^table main\.orders: column s is STRUCT\(a INTEGER\).*; column amount is not in the table: run ALTER TABLE/,
    );
    await expect(refusal).rejects.toMatchObject({ name: "Terminal", reason: "TableMismatch" });
    await loaded(
      await warehouse.open({ schemaEvolution: "widen" }),
      wider,
      "SELECT 5000000000 AS id, {'a': 5000000000, 'b': 'x'} AS s, 1.25 AS amount",
    );
    expect(await warehouse.query("SELECT id::VARCHAR, s::VARCHAR, amount::VARCHAR FROM orders ORDER BY id")).toEqual([
      ["1", "{'a': 1, 'b': NULL}", null],
      ["5000000000", "{'a': 5000000000, 'b': x}", "1.25"],
    ]);
  });

  test("what DuckDB itself cannot alter is Terminal and says which statement", async () => {
    await warehouse.query("CREATE TABLE orders (id INTEGER PRIMARY KEY, text VARCHAR)");
    const sink = await warehouse.open({ schemaEvolution: "widen" });
    await expect(sink.prepare(orders)).rejects.toThrow(
      /^ALTER TABLE .*"orders" ALTER COLUMN "id" SET DATA TYPE BIGINT: Binder Error: Cannot change the type/,
    );
    await expect(sink.prepare(orders)).rejects.toBeInstanceOf(Terminal);
  });

  test("NOT NULL is told, generated columns and defaults are left to the table", async () => {
    await warehouse.query(
      "CREATE TABLE orders (id BIGINT NOT NULL, twice BIGINT GENERATED ALWAYS AS (id * 2), state VARCHAR NOT NULL DEFAULT 'new', text VARCHAR)",
    );
    const sink = await warehouse.open();
    expect((await sink.prepare(orders)).map(({ name, nullable }) => `${name} ${nullable}`)).toEqual([
      "id false",
      "state false",
      "text true",
    ]);
    await loaded(sink, orders, "SELECT 4 AS id, 'x' AS text");
    expect(await warehouse.query("SELECT id::INTEGER, twice::INTEGER, state, text FROM orders")).toEqual([[4, 8, "new", "x"]]);
  });

  test.each([
    ["a column's type changed", "ALTER TABLE orders ALTER id SET DATA TYPE HUGEINT"],
    ["a column was added", "ALTER TABLE orders ADD COLUMN more VARCHAR"],
    ["a column is gone", "ALTER TABLE orders DROP COLUMN text"],
    ["the table is gone", "DROP TABLE orders"],
  ])("when %s, write says so and has written nothing; after prepare it goes on", async (_, statement) => {
    const sink = await warehouse.open({ schemaEvolution: "addColumns" });
    await loaded(sink, orders, "SELECT 1 AS id, 'x' AS text");
    await warehouse.query(statement);
    const rows = await warehouse.maker.rows("SELECT 2 AS id, 'x' AS text", orders);
    const moves = [{ split: "a", from: { offset: 1 }, to: { offset: 2 } }];
    await expect(sink.write(rows, moves)).rejects.toMatchObject({ name: "TargetChanged" });
    await sink.prepare(orders);
    expect(await sink.write(rows, moves)).toEqual({ kind: "written" });
    expect(await warehouse.query("SELECT max(id)::INTEGER FROM orders")).toEqual([[2]]);
  });

  test.each([
    ["CREATE TABLE orders (id BIGINT PRIMARY KEY, text VARCHAR)", "a row's key is in the table already"],
    ["CREATE TABLE orders (id BIGINT CHECK (id < 1), text VARCHAR)", "CHECK constraint failed"],
  ])("rows that break a constraint stop it without their values, and nothing has moved (%s)", async (statement, message) => {
    await warehouse.query(statement);
    if (statement.includes("PRIMARY")) await warehouse.query("INSERT INTO orders VALUES (4711, 'x')");
    const sink = await warehouse.open();
    await sink.prepare(orders);
    await sink.restore(["a"]);
    const written = sink.write(await warehouse.maker.rows("SELECT 4711 AS id, 'secret' AS text", orders), [
      { split: "a", from: null, to: { offset: 1 } },
    ]);
    const error = await written.then(
      () => null,
      (error: unknown) => error as Terminal,
    );
    expect(error).toMatchObject({ name: "Terminal", reason: "ConstraintViolated" });
    expect(error!.message).toContain(message);
    expect(`${error!.message} ${String(error!.cause)}`).not.toMatch(/4711|secret/);
    expect(await sink.restore(["a"])).toEqual(new Map());
  });

  test("a view is no table, and Snowline's schema is not the owner's", async () => {
    await warehouse.query("CREATE VIEW orders AS SELECT 1 AS id, 'x' AS text");
    await expect((await warehouse.open()).prepare(orders)).rejects.toMatchObject({ reason: "NotATable" });
    await expect(warehouse.open({ schema: "Snowline" })).rejects.toMatchObject({ reason: "SchemaReserved" });
  });
});

describe("the file:", () => {
  test("while another process holds it the sink says which one and waits; then the same sink goes on", async () => {
    await warehouse.query("CREATE TABLE other (i INTEGER)");
    const script = `
      const { DuckDBInstance } = await import("@duckdb/node-api");
      globalThis.held = await DuckDBInstance.create(process.argv[1]);
      console.log("held");
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script, warehouse.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(holder.stdout, "data");
      const sink = await warehouse.open();
      const waiting = sink.prepare(orders);
      await expect(waiting).rejects.toMatchObject({ name: "NotConnected" });
      await expect(waiting).rejects.toThrow(`DuckDB file ${warehouse.path}: process ${holder.pid} (`);
      holder.kill("SIGKILL");
      await once(holder, "exit");
      await loaded(sink, orders, "SELECT 1 AS id, 'x' AS text");
    } finally {
      holder.kill("SIGKILL");
    }
  });

  test("after the sink is closed another process may have it", async () => {
    const sink = await warehouse.open(upsert);
    await loaded(sink, orders, "SELECT 1 AS id, 'x' AS text");
    await sink[Symbol.asyncDispose]();
    const script = `
      const { DuckDBInstance } = await import("@duckdb/node-api");
      await DuckDBInstance.create(process.argv[1]);
      process.exit(7);`;
    const other = spawn(process.execPath, ["--input-type=module", "-e", script, warehouse.path], { stdio: "inherit" });
    expect(await once(other, "exit")).toEqual([7, null]);
  });

  test("a file that is no database, a directory, and one that must not be written are Terminal", async () => {
    const prepared = async (path: string) => (await warehouse.open({ path })).prepare(orders);
    await writeFile(join(warehouse.directory, "text.duckdb"), "just some text\n".repeat(2000));
    await expect(prepared("text.duckdb")).rejects.toMatchObject({ name: "Terminal", reason: "DatabaseCorrupt" });
    await mkdir(join(warehouse.directory, "folder"));
    await expect(prepared("folder")).rejects.toMatchObject({ name: "Terminal", reason: "DatabaseNotWritable" });
    await expect(prepared("text.duckdb/below")).rejects.toMatchObject({ name: "Terminal", reason: "DatabaseNotWritable" });
    await chmod(join(warehouse.directory, "folder"), 0o500);
    await withoutRoot(warehouse.directory, async () => {
      await expect(prepared("folder/new.duckdb")).rejects.toMatchObject({ name: "Terminal", reason: "DatabaseNotWritable" });
    });
  });

  test("it is the same through a link, and its directory is made", async () => {
    await symlink(warehouse.directory, join(warehouse.directory, "link"));
    await symlink(warehouse.path, join(warehouse.directory, "file-link"));
    const through = await Promise.all(
      ["warehouse.duckdb", "link/warehouse.duckdb", "file-link"].map((path) => warehouse.open({ path })),
    );
    for (const sink of through) await loaded(sink, orders, "SELECT 1 AS id, 'x' AS text");
    expect(await warehouse.query("SELECT count(*)::INTEGER FROM orders")).toEqual([[3]]);
    await loaded(await warehouse.open({ path: "new/folder/w.duckdb" }), orders, "SELECT 1 AS id, 'x' AS text");
  });
});
