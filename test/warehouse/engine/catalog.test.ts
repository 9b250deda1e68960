import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../statements/open-engine.ts";

test("an account with a directory is the same when it is opened again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "snowline-catalog-"));
  try {
    let id = 0;
    {
      await using engine = await openEngine({ directory });
      const session = await engine.session();
      await session.execute("CREATE DATABASE kept");
      await session.execute("CREATE SCHEMA kept.s");
      await session.execute("CREATE TABLE t (id NUMBER AUTOINCREMENT, n VARCHAR(3) NOT NULL DEFAULT 'd', ts TIMESTAMP_NTZ(9))");
      await session.execute("INSERT INTO t (ts) VALUES ('2020-01-01 00:00:00.123456789')");
      await session.execute("CREATE VIEW v AS SELECT n FROM t");
      await session.execute("CREATE TEMPORARY TABLE gone (x NUMBER)");
      await session.execute("CREATE TABLE dropped (x NUMBER)");
      await session.execute("DROP TABLE dropped");
      await session.execute("CREATE ROLE r");
      await session.execute("GRANT ROLE r TO USER tester");
      id = engine.account.catalog.table({ database: "KEPT", schema: "S", name: "T" }, 1)!.id;
    }
    await using engine = await openEngine({ directory });
    const session = await engine.session();
    await session.execute("USE SCHEMA kept.s");
    expect(await session.rows("SELECT * FROM t")).toEqual([["1", "d", "1577836800.123456789"]]);
    expect(await session.rows("SELECT * FROM v")).toEqual([["d"]]);
    expect(await session.failure("INSERT INTO t (n) VALUES ('long')")).toMatchObject({ code: "100078" });
    await session.execute("INSERT INTO t (n) VALUES ('e')");
    expect(await session.rows("SELECT id FROM t ORDER BY id")).toEqual([["1"], ["2"]]);
    for (const name of ["gone", "dropped"])
      expect(await session.failure(`SELECT * FROM ${name}`)).toMatchObject({ code: "002003" });
    expect(engine.account.catalog.grants.hasRole("TESTER", "R")).toBe(true);
    // No table gets the id of another, not even of one that was dropped.
    await session.execute("CREATE TABLE later (x NUMBER)");
    expect(engine.account.catalog.table({ database: "KEPT", schema: "S", name: "LATER" }, 1)!.id).toBeGreaterThan(id + 1);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("a table that cannot be made leaves nothing behind", async () => {
  await using engine = await openEngine();
  const session = await engine.session();
  expect(await session.failure("CREATE TABLE t AS SELECT 'x'::NUMBER AS a FROM TABLE(GENERATOR(ROWCOUNT => 3))")).toMatchObject({
    code: "100038",
  });
  expect(await session.failure("SELECT * FROM t")).toMatchObject({ code: "002003" });
  await session.execute("CREATE TABLE t (a NUMBER)");
  await session.execute("INSERT INTO t VALUES (1)");
  expect(await session.failure("CREATE OR REPLACE TABLE t AS SELECT IFF(a = 1, 'x', '1')::NUMBER AS a FROM t")).toMatchObject({
    code: "100038",
  });
  expect(await session.rows("SELECT a FROM t")).toEqual([["1"]]);
});

test("a table can be replaced by a query over itself", async () => {
  await using engine = await openEngine();
  const session = await engine.session();
  for (const kind of ["", "TEMPORARY "]) {
    await session.execute(`CREATE ${kind}TABLE t (a NUMBER)`);
    await session.execute("INSERT INTO t VALUES (1), (2)");
    await session.execute(`CREATE OR REPLACE ${kind}TABLE t AS SELECT a + 1 AS a, 'x' AS b FROM t WHERE a > 1`);
    expect(await session.rows("SELECT * FROM t")).toEqual([["3", "x"]]);
  }
});
