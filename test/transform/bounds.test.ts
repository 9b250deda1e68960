import { expect, test } from "vitest";
import { compileTransform } from "../../transform/compile.ts";
import { open } from "./run-sql.ts";

const source = [{ name: "a", type: "INTEGER" }];
async function compile(sql: string, compileMsMax?: number) {
  return compileTransform({
    source,
    transform: { sql },
    upsertKey: null,
    ...(compileMsMax === undefined ? {} : { compileMsMax }),
  });
}

test.each([
  "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT a, (SELECT count(*) FROM r) AS n FROM source",
  "SELECT a, (SELECT count(*) FROM range(1000000000000)) AS n FROM source",
])("a batch that does not end is stopped: %s", async (sql) => {
  await using transform = await open({ columns: { a: "INTEGER" }, sql, batchMsMax: 300 });
  await expect(transform.run([`"a":1`])).rejects.toThrow("transform.sql: a batch took longer than 0.3 s and was stopped");
});

test.each([
  ["len(range(200000000))", "range(): it makes a value of 200000000"],
  ["len(generate_series(0, 200000000, 2))", "generate_series(): it makes a value of 100000000"],
  ["len(range(20000 * 10000))", "range(): it makes a value of 200000000"],
  ["len(range('200000000'::BIGINT))", "range(): it makes a value of 200000000"],
  ["len(range(200_000_000.0::BIGINT))", "range(): it makes a value of 200000000"],
  ["length(repeat('x', 1500000000))", "repeat(): it makes a value of 1500000000"],
  ["length(repeat(repeat('xy', 10000), 10000))", "repeat(): it makes a value of 200000000"],
  ["length(lpad('x', 1500000000, 'y'))", "lpad(): it makes a value of 1500000000"],
  ["length(repeat('x', 1 << 30))", "repeat(): it makes a value of 1073741824"],
  ["length(repeat('x', 99999999999999999999))", "repeat(): it makes a value of 1"],
])("a constant that would fill the memory is refused before it is made: %s", async (expression, message) => {
  const found = await compile(`SELECT ${expression} AS n FROM source`);
  expect(found).toMatchObject([{ path: "transform.sql", line: 1 }]);
  expect(Array.isArray(found) ? found[0]!.message : "").toContain(message);
});

test.each([
  "len(range(1000000))",
  "len(range(a, 2000000000))",
  "len(range(5000000000, 5000000010))",
  "lpad(a::VARCHAR, 12, '0')",
  "repeat('x', -1)",
])("%s is compiled", async (expression) => {
  expect(await compile(`SELECT ${expression} AS n FROM source`)).toMatchObject({ perBatch: false });
});

test("SQL that takes too long to compile is refused", async () => {
  const ctes = Array.from({ length: 12 }, (_, i) => `, c${i + 1} AS NOT MATERIALIZED (SELECT x.a FROM c${i} AS x, c${i} AS y)`);
  const found = await compile(`WITH c0 AS (SELECT a FROM source)${ctes.join("")} SELECT a FROM c12`, 20);
  expect(found).toMatchObject([{ path: "transform.sql", message: expect.stringContaining("takes too long to compile") }]);
});

test("a later CTE lends its name to no table of the catalog", async () => {
  const found = await compile(
    "WITH q AS (SELECT * FROM duckdb_tables), duckdb_tables AS (SELECT 1 AS z) SELECT table_name, a FROM q, source",
  );
  expect(found).toMatchObject([{ message: expect.stringContaining("there is no table duckdb_tables") }]);
});

test.each([
  ["WITH source AS (SELECT 1 AS a) SELECT * FROM source", "the SQL does not read source"],
  ["SELECT a, 1e400 AS y FROM source", "a number in the SQL is larger than a DOUBLE can be"],
  [
    "SELECT *, (SELECT max(_topic) FROM source) AS t FROM source AS s(x, y)",
    "source has 1 declared columns, and 2 names are given",
  ],
  ["SELECT main.source.a FROM source", 'Referenced table "main.source" not found'],
  ["SELECT _ofset FROM source", "there is no column _ofset; did you mean _offset?"],
])("%s is a problem of the SQL", async (sql, message) => {
  const found = await compile(sql);
  expect(Array.isArray(found) ? found.map((problem) => problem.message).join() : "compiled").toContain(message);
});

test("a recursive CTE sees itself", async () => {
  const sql =
    "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT a, (SELECT count(*) FROM r) AS n FROM source";
  expect(await compile(sql)).toMatchObject({ output: [{ name: "a" }, { name: "n" }] });
});
