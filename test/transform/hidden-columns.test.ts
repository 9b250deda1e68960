import { expect, test } from "vitest";
import { compileTransform } from "../../transform/compile.ts";
import { open } from "./run-sql.ts";

const columns = { a: "INTEGER", b: "INTEGER" } as const;
const records = [
  `"_offset":7,"_partition":3,"a":10,"b":10`,
  `"_offset":8,"_partition":3,"a":10,"b":11`,
  `"_offset":9,"_partition":3,"a":1,"b":20`,
];
const large = [
  [10, 10],
  [10, 11],
];

test.each([
  ["SELECT a, b FROM source WHERE COLUMNS(*) > 5", large],
  ["SELECT a, b FROM source WHERE least(*COLUMNS(*)) > 5", large],
  ["SELECT a, b FROM source WHERE COLUMNS(* EXCLUDE (b)) > 5", large],
  ["SELECT a, b FROM source WHERE COLUMNS('.*') > 5", large],
  ["SELECT a, b FROM source WHERE least(*COLUMNS(source.*)) > 5", large],
  ["SELECT a, b FROM (SELECT * FROM source) WHERE COLUMNS(*) > 5", large],
  ["WITH x AS (SELECT * FROM source) SELECT a, b FROM x WHERE COLUMNS(*) > 5", large],
  ["SELECT a, _partition AS p FROM source WHERE COLUMNS(*) > 5", large.map(([a]) => [a, 3])],
  ["SELECT * LIKE 'b' FROM source", [[10], [11], [20]]],
  ["SELECT * LIKE '%', _partition AS p FROM source WHERE b < 11", [[10, 10, 3]]],
  ["SELECT * REPLACE (_partition + 1 AS _partition) FROM source WHERE b < 11", [[10, 10, 4]]],
  [
    "SELECT a, b FROM source ORDER BY ALL LIMIT 2",
    [
      [1, 20],
      [10, 10],
    ],
  ],
  ["SELECT a, (SELECT to_json(source)) AS j FROM source WHERE b < 11", [[10, '{"a":10,"b":10}']]],
])("a star sees no hidden column, wherever it stands: %s", async (sql, expected) => {
  await using transform = await open({ columns, sql });
  const { rows, rejects } = await transform.run(records);
  expect(rejects).toEqual([]);
  expect(rows).toEqual(expected);
});

test("a star in WHERE does not see the ordinal when rows have to tell their record", async () => {
  await using transform = await open({ columns, sql: "SELECT a, b FROM source WHERE COLUMNS(*) > 5", upsertKey: ["a", "b"] });
  expect((await transform.run(records)).rows).toEqual(large);
});

test.each([
  "SELECT COLUMNS('.*'), _offset AS o FROM source",
  "SELECT COLUMNS(c -> true), _offset AS o FROM source",
  "SELECT a, b, _partition AS p FROM source WHERE COLUMNS('.*') > 5",
])("a pattern that would take in metadata columns is refused: %s", async (sql) => {
  const source = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const found = await compileTransform({ source, transform: { sql }, upsertKey: null });
  expect(found).toMatchObject([{ path: "transform.sql", line: 1, message: expect.stringContaining("COLUMNS with a pattern") }]);
});

test("a list of names may stand beside metadata columns", async () => {
  await using transform = await open({ columns, sql: "SELECT COLUMNS(['b']), _offset AS o FROM source" });
  expect((await transform.run(records.slice(0, 1))).rows).toEqual([[10, "7"]]);
});

test("a positional join is per batch, and no record is blamed for a row that has none", async () => {
  const sql = "SELECT s.a, u.x FROM source AS s POSITIONAL JOIN (SELECT unnest([1, 2, 3, 4]) AS x) AS u";
  await using transform = await open({
    columns,
    sql,
    target: [
      { name: "a", type: "INTEGER", nullable: false },
      { name: "x", type: "INTEGER", nullable: true },
    ],
  });
  expect(transform.compiled.warnings[0]).toContain("per batch (POSITIONAL JOIN)");
  await expect(transform.run(records)).rejects.toThrow("transform: a: NULL, and the table's column is NOT NULL");
  await using upsert = await open({ columns, sql, upsertKey: ["x"] });
  expect((await upsert.run(records)).rows).toEqual([
    [10, 1],
    [10, 2],
    [1, 3],
    [null, 4],
  ]);
});
