import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine } from "./open-engine.ts";

let engine: Engine;
let admin: EngineSession;
let loader: EngineSession;
beforeAll(async () => {
  engine = await openEngine();
  admin = await engine.session();
  await admin.execute("CREATE TABLE t (id NUMBER)");
  await admin.execute("CREATE ROLE loader COMMENT = 'loads'");
  await admin.execute("GRANT ROLE loader TO USER tester");
  loader = await engine.session({ role: "LOADER" });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test("a role may do what it was granted, and learns no more than that", async () => {
  expect(await loader.failure("SELECT * FROM t")).toMatchObject({ code: "002003" });
  await admin.execute("GRANT USAGE ON DATABASE db TO ROLE loader");
  await admin.execute("GRANT USAGE ON SCHEMA db.public TO ROLE loader");
  expect(await loader.failure("SELECT * FROM t")).toMatchObject({
    code: "002003",
    message: expect.stringContaining("does not exist or not authorized"),
  });
  expect(await loader.rows("SHOW TABLES")).toEqual([]);
  await admin.execute("GRANT INSERT ON TABLE t TO ROLE loader");
  await loader.execute("INSERT INTO t VALUES (1)");
  expect(await loader.failure("SELECT * FROM t")).toMatchObject({ code: "003001", sqlState: "42501" });
  expect(await loader.failure("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE")).toMatchObject({
    code: "003001",
  });
  await admin.execute("GRANT SELECT, UPDATE, DELETE ON TABLE t TO ROLE loader");
  await loader.execute("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE");
  expect(await loader.failure("ALTER TABLE t ADD COLUMN x NUMBER")).toMatchObject({ code: "003001" });
  expect(await loader.failure("TRUNCATE TABLE t")).toMatchObject({ code: "003001" });
  await admin.execute("REVOKE SELECT ON TABLE t FROM ROLE loader");
  expect(await loader.failure("SELECT * FROM t")).toMatchObject({ code: "003001" });
});

test("who may read a view need not be able to read what it reads", async () => {
  await admin.execute("CREATE TABLE hidden (x NUMBER)");
  await admin.execute("CREATE VIEW shown AS SELECT x FROM hidden");
  expect(await loader.failure("SELECT * FROM shown")).toMatchObject({ code: "002003" });
  await admin.execute("GRANT SELECT ON VIEW shown TO ROLE loader");
  expect(await loader.rows("SELECT * FROM shown")).toEqual([]);
  expect(await loader.failure("SELECT * FROM hidden")).toMatchObject({ code: "002003" });
});

test("who makes an object owns it", async () => {
  expect(await loader.failure("CREATE TABLE own (x NUMBER)")).toMatchObject({ code: "003001" });
  await admin.execute("GRANT CREATE TABLE ON SCHEMA db.public TO ROLE loader");
  await loader.execute("CREATE TABLE own (x NUMBER)");
  await loader.execute("ALTER TABLE own ADD COLUMN y NUMBER");
  await loader.execute("INSERT INTO own VALUES (1, 2)");
  const grants = await admin.execute("SHOW GRANTS ON TABLE own");
  expect(grants.rows.map((row) => [row[1], row[2], row[3], row[5]])).toEqual([["OWNERSHIP", "TABLE", "DB.PUBLIC.OWN", "LOADER"]]);
  await loader.execute("DROP TABLE own");
  expect(engine.account.catalog.grants.grants().some(({ on }) => on.name === "DB.PUBLIC.OWN")).toBe(false);
});

test("future grants are given when the object is made, and ALL stands for each privilege", async () => {
  await admin.execute("GRANT SELECT ON FUTURE TABLES IN SCHEMA db.public TO ROLE loader");
  await admin.execute("CREATE TABLE later (x NUMBER)");
  expect(await loader.rows("SELECT * FROM later")).toEqual([]);
  await admin.execute("GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA db.public TO ROLE loader");
  await loader.execute("TRUNCATE TABLE later");
});

test("a role has what the roles have that it was granted", async () => {
  await admin.execute("CREATE ROLE outer_role");
  await admin.execute("GRANT ROLE loader TO ROLE outer_role");
  await admin.execute("GRANT ROLE outer_role TO USER tester");
  const session = await engine.session({ role: "OUTER_ROLE" });
  expect(await session.rows("SELECT * FROM later")).toEqual([]);
  expect((await admin.rows("SHOW GRANTS TO ROLE outer_role")).map((row) => row.slice(1, 4))).toEqual([
    ["USAGE", "ROLE", "LOADER"],
  ]);
  expect((await admin.rows("SHOW GRANTS OF ROLE loader")).map((row) => [row[2], row[3]])).toEqual([
    ["USER", "TESTER"],
    ["ROLE", "OUTER_ROLE"],
  ]);
  await session.execute("USE ROLE loader");
  expect(session.session.role).toBe("LOADER");
});

test("a role that the user has not is refused, and one that is gone, too", async () => {
  await admin.execute("CREATE ROLE foreign_role");
  expect(await loader.failure("USE ROLE foreign_role")).toMatchObject({ code: "003013" });
  expect(await loader.failure("USE ROLE nobody")).toMatchObject({ code: "002043" });
  expect(await loader.failure("CREATE ROLE mine")).toMatchObject({ code: "003001" });
  expect(await admin.failure("GRANT SELECT ON TABLE t TO ROLE nobody")).toMatchObject({ code: "002003" });
});

test("the account's histories are for ACCOUNTADMIN until they are granted", async () => {
  const sql = "SELECT COUNT(*) FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY";
  expect(await loader.failure(sql)).toMatchObject({ code: "002003" });
  await admin.execute("GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE loader");
  expect(await loader.rows(sql)).toHaveLength(1);
});
