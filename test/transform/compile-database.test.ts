import { expect, test } from "vitest";
import { compileTransform } from "../../transform/compile.ts";
import { openCompileDatabase } from "../../transform/compile-database.ts";
import { rowsOf } from "../../transform/locked-database.ts";

const source = [
  { name: "id", type: "VARCHAR" },
  { name: "amount", type: "DECIMAL(18,2)" },
  { name: "items", type: "STRUCT(sku VARCHAR, n INTEGER)[]" },
];
const rates = { refreshSeconds: 60, http: { url: "https://rates.example/", columns: { currency: "VARCHAR", rate: "DOUBLE" } } };

/** Right and wrong SQL of every kind: what one leaves behind would show in the next. */
const statements: readonly { readonly sql: string; readonly lookups?: Readonly<Record<string, typeof rates>> }[] = [
  { sql: "SELECT id, amount * 2 AS amount FROM source" },
  { sql: "SELECT nothing FROM source" },
  { sql: "SELECT id, rate FROM source JOIN rates ON currency = id", lookups: { rates } },
  // The lookup of the one before must be gone.
  { sql: "SELECT id, rate FROM source JOIN rates ON currency = id" },
  { sql: "SELEC id FROM source" },
  { sql: "SELECT id, CAST('x' AS INTEGER) AS n FROM source" },
  { sql: "SELECT id + amount AS wrong FROM source" },
  { sql: "SELECT id, count(*) AS n FROM source GROUP BY id" },
  { sql: "SELECT id, unnest(items).sku AS sku FROM source" },
  { sql: "CREATE TABLE left_behind AS SELECT 1" },
  { sql: "SELECT id, amount, amount FROM source" },
  { sql: "SELECT _topic, _offset, id FROM source" },
  { sql: "SELECT error('no') AS e, id FROM source" },
  { sql: "WITH t AS (SELECT id FROM source) SELECT id, row_number() OVER () AS n FROM t" },
  { sql: "COMMIT" },
  { sql: "SELECT id FROM source WHERE id IN (SELECT currency FROM rates)", lookups: { rates } },
];

test("what was compiled before in the same database changes nothing: the verdict is that of a database of its own", async () => {
  using database = await openCompileDatabase();
  const compile = ({ sql, lookups = {} }: (typeof statements)[number], shared: boolean) =>
    compileTransform({ source, transform: { sql, lookups }, upsertKey: null, ...(shared ? { database } : {}) });
  const alone = await Promise.all(statements.map((statement) => compile(statement, false)));
  for (const order of [statements.keys(), [...statements.keys()].toReversed(), statements.keys()])
    for (const at of order) expect(await compile(statements[at]!, true), statements[at]!.sql).toEqual(alone[at]);
  expect(await rowsOf(database.connection, "SELECT table_name FROM duckdb_tables()")).toEqual([]);
});
