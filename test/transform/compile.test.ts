import { expect, test } from "vitest";
import { compileTransform } from "../../transform/compile.ts";
import type { SqlProblem } from "../../transform/compiled.ts";

const source = [
  { name: "order_id", type: "VARCHAR" },
  { name: "customer", type: "STRUCT(id VARCHAR, email VARCHAR)" },
  { name: "amount", type: "DECIMAL(18,2)" },
  { name: "currency", type: "VARCHAR" },
  { name: "items", type: "STRUCT(sku VARCHAR, qty INTEGER)[]" },
];
const lookups = {
  rates: {
    refreshSeconds: 0,
    http: { url: "https://rates.example/latest.json", columns: { currency: "VARCHAR", rate: "DOUBLE" } },
  },
};

async function compile(sql: string, upsertKey: readonly string[] | null = null) {
  return compileTransform({ source, transform: { sql, lookups }, upsertKey });
}
async function problems(sql: string, upsertKey: readonly string[] | null = null): Promise<SqlProblem[]> {
  const found = await compile(sql, upsertKey);
  return Array.isArray(found) ? found : [];
}
async function columnsOf(sql: string): Promise<string> {
  const found = await compile(sql);
  return Array.isArray(found) ? JSON.stringify(found) : found.output.map(({ name, type }) => `${name} ${type}`).join(", ");
}

test("columns come out with the types the sink has to make", async () => {
  expect(
    await columnsOf(
      "SELECT order_id, sha256(lower(customer.email)) AS customer, amount * rates.rate AS eur, items[1].qty AS n, to_json(items) AS j FROM source JOIN rates USING (currency)",
    ),
  ).toBe("order_id VARCHAR, customer VARCHAR, eur DOUBLE, n INTEGER, j JSON");
});

test("without a transform everything comes out as declared", async () => {
  const found = await compileTransform({ source, transform: undefined, upsertKey: null });
  expect(found).toMatchObject({ sql: "SELECT * FROM source", meta: [], perBatch: false, warnings: [] });
  expect(Array.isArray(found) ? [] : found.output.map(({ name }) => name)).toEqual(source.map(({ name }) => name));
});

test("a star leaves metadata columns out, and each named one comes out once", async () => {
  const declared =
    "order_id VARCHAR, customer STRUCT(id VARCHAR, email VARCHAR), amount DECIMAL(18,2), currency VARCHAR, items STRUCT(sku VARCHAR, qty INTEGER)[]";
  const found = await compile("SELECT *, _offset FROM source WHERE _topic = 'a'");
  expect(found).toMatchObject({ meta: ["_topic", "_offset"] });
  expect(await columnsOf("SELECT *, _offset FROM source WHERE _topic = 'a'")).toBe(`${declared}, _offset BIGINT`);
  expect(await columnsOf("SELECT s.*, _timestamp AS t, s._headers['x'] AS h FROM source AS s")).toBe(
    `${declared}, t TIMESTAMP WITH TIME ZONE, h VARCHAR`,
  );
  expect(await columnsOf("WITH x AS (SELECT *, _offset FROM source), y AS (SELECT * FROM x) SELECT * FROM y")).toBe(
    `${declared}, _offset BIGINT`,
  );
  expect(await columnsOf("SELECT * EXCLUDE (items, customer), _key FROM source JOIN rates USING (currency)")).toBe(
    "order_id VARCHAR, amount DECIMAL(18,2), currency VARCHAR, rate DOUBLE, _key VARCHAR",
  );
  expect(await columnsOf("WITH source AS (SELECT order_id, _partition FROM source) SELECT * FROM source")).toBe(
    "order_id VARCHAR, _partition INTEGER",
  );
});

test.each([
  ["SELECT amout FROM source", 1, 8, "there is no column amout; did you mean amount?"],
  ["SELECT 'ä', amout AS x\nFROM source", 1, 13, "there is no column amout"],
  ["SELECT\n  order_id,\n  lowr(currency) AS c FROM source", 3, 3, "did you mean lower?"],
  ["SELECT * FROM\n sorce", 2, 2, "there is no table sorce: did you mean source?"],
  ["SELECT customer.emial AS e FROM source", undefined, undefined, 'Could not find key "emial" in struct; did you mean "email"?'],
  ["SELECT order_id frm source where", 1, 21, "syntax error"],
  ["SELECT amount + order_id AS x FROM source", 1, 15, "'+(DECIMAL(18,2), VARCHAR)': cast its arguments"],
  ["SELECT amount + 1, order_id FROM source", 1, 15, "an expression comes out without a name: add AS"],
  ["SELECT order_id, currency AS order_id FROM source", undefined, undefined, "column order_id comes out twice"],
  ["SELECT order_id FROM source; SELECT 1 AS a", undefined, undefined, "there are 2 statements: write exactly one SELECT"],
  ["  -- only a comment", undefined, undefined, "there is no statement"],
  ["DELETE FROM source", undefined, undefined, "only a SELECT is possible"],
  ["CREATE TABLE x AS SELECT * FROM source", undefined, undefined, "only a SELECT is possible"],
  ["PIVOT source ON currency USING sum(amount)", undefined, undefined, "PIVOT needs its values here"],
  ["SUMMARIZE source", undefined, undefined, "DESCRIBE, SHOW and SUMMARIZE are not possible"],
  ["SELECT order_id FROM source WHERE order_id = $1", undefined, undefined, "parameters ($1, ?) are not possible"],
  ["SELECT * FROM rates", undefined, undefined, "the SQL does not read source"],
  ["SELECT order_id AS __snowline_ordinal FROM source", undefined, undefined, "Snowline uses this name itself"],
])("%s is refused where it stands", async (sql, line, column, message) => {
  const found = await problems(sql);
  expect(found).toHaveLength(1);
  expect(found[0]!.path).toBe("transform.sql");
  expect(found[0]!.message).toContain(message);
  expect([found[0]!.line, found[0]!.column]).toEqual([line, column]);
});

test("the upsert key has to come out", async () => {
  expect(await problems("SELECT order_id FROM source", ["Order_ID"])).toEqual([]);
  expect(await problems("SELECT currency FROM source", ["curency"])).toEqual([
    {
      path: "sink.duckdb.mode.upsert.key",
      message: "the upsert key's column curency does not come out of the SQL; did you mean currency?",
    },
  ]);
});

test("the column that says what to delete has to come out as a BOOLEAN, beside the key", async () => {
  const transform = { sql: "SELECT order_id, currency, currency IS NULL AS gone FROM source" };
  const found = async (deleteWhen: string) => {
    const options = { source, transform, upsertKey: ["order_id"], upsertPath: "sink.snowflake.mode.upsert" };
    const answer = await compileTransform({ ...options, deleteWhen });
    return Array.isArray(answer) ? answer.map(({ path, message }) => `${path}: ${message}`) : [];
  };
  expect(await found("GONE")).toEqual([]);
  const path = "sink.snowflake.mode.upsert.deleteWhen";
  expect(await found("gon")).toEqual([`${path}: column gon does not come out of the SQL; did you mean gone?`]);
  expect(await found("order_id")).toEqual([`${path}: column order_id is in the key: name another column`]);
  expect(await found("currency")).toEqual([
    `${path}: column currency is VARCHAR: make it BOOLEAN, such as (status = 'deleted') AS currency`,
  ]);
});

test.each([
  ["SELECT currency, sum(amount) AS s FROM source GROUP BY currency", "aggregates"],
  ["SELECT sum(amount) AS s FROM source", "aggregates"],
  ["SELECT wavg(amount, 1) AS s FROM source", "aggregates"],
  ["SELECT *, row_number() OVER () AS n FROM source", "window functions"],
  ["SELECT DISTINCT currency FROM source", "DISTINCT"],
  ["SELECT order_id FROM source ORDER BY amount LIMIT 3", "ORDER BY, LIMIT"],
  ["SELECT order_id FROM source USING SAMPLE 10%", "samples"],
  ["SELECT a.* FROM source AS a JOIN source AS b USING (order_id)", "source joined with itself"],
  ["SELECT * FROM source WHERE order_id IN (SELECT order_id FROM source WHERE amount > 1)", "source joined with itself"],
  ["SELECT order_id FROM source EXCEPT SELECT currency FROM source", "EXCEPT"],
  ["WITH x AS (SELECT max(amount) AS m FROM source) SELECT order_id, m FROM source, x", "aggregates, source joined with itself"],
])("%s is per batch", async (sql, reasons) => {
  const found = await compile(sql);
  expect(found).toMatchObject({ perBatch: true });
  expect(Array.isArray(found) ? "" : found.warnings[0]).toContain(`per batch (${reasons})`);
});

test.each([
  "SELECT order_id FROM source UNION ALL SELECT currency FROM source",
  "SELECT * FROM (SELECT order_id FROM source UNION ALL SELECT currency FROM source)",
  "SELECT order_id, (SELECT max(rate) FROM rates) AS m FROM source",
  "SELECT order_id, (SELECT sum(i.qty) FROM unnest(items) AS t(i)) AS n FROM source",
  "SELECT order_id, list_sum(list_transform(items, lambda i: i.qty)) AS n FROM source",
  "SELECT order_id, unnest(items, recursive := true) FROM source",
  "WITH best AS (SELECT currency, max(rate) AS rate FROM rates GROUP BY currency) SELECT order_id, rate FROM source JOIN best USING (currency)",
])("%s is not per batch", async (sql) => {
  expect(await compile(sql)).toMatchObject({ perBatch: false, warnings: [] });
});

test("functions that answer otherwise each time get a warning", async () => {
  const found = await compile("SELECT order_id, now() AS n, random() AS r, current_date AS d FROM source");
  expect(Array.isArray(found) ? [] : found.warnings).toEqual([
    "the SQL calls now(), random(), current_date(): a batch repeated after a crash may get other values; each record is still loaded exactly once",
  ]);
});

test("lookups are checked where they stand", async () => {
  const file = (path: string, columns: Record<string, string>) => ({ refreshSeconds: 0, file: { path, columns } });
  const found = await compileTransform({
    source,
    transform: {
      sql: "SELECT * FROM source",
      lookups: {
        source: file("a.csv", { a: "INT" }),
        b: file("b.txt", { a: "INTEGR" }),
        c: file("c.csv.gz", { a: "INT", A: "INT" }),
      },
    },
    upsertKey: null,
  });
  expect(Array.isArray(found) ? found.map(({ path, message }) => `${path}: ${message}`) : []).toEqual([
    "transform.lookups.source: lookup source: source is the records themselves; rename the lookup",
    "transform.lookups.b.file.type: the path does not end in .csv, .json, .jsonl or .parquet: set type",
    "transform.lookups.b.file.columns.a: type INTEGR: there is no type INTEGR; did you mean INTEGER?",
    "transform.lookups.c.file.columns.A: column A: a is the same name, as SQL does not tell upper from lower case; rename one of them",
  ]);
});
