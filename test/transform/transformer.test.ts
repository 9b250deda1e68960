import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { open } from "./run-sql.ts";

const orders = { order_id: "VARCHAR", amount: "DECIMAL(18,2)", currency: "VARCHAR" } as const;
const order = (id: string | null, amount: string, currency = "EUR"): string =>
  `"order_id":${JSON.stringify(id)},"amount":"${amount}","currency":"${currency}"`;

test("rows come out in the target's columns, names, order and types", async () => {
  await using transform = await open({
    columns: orders,
    sql: "SELECT order_id, amount, length(order_id) AS size, currency FROM source WHERE amount > 1",
    target: [
      { name: "SIZE", type: "HUGEINT", nullable: true },
      { name: "later", type: "DATE", nullable: true },
      { name: "Order_Id", type: "VARCHAR", nullable: true },
      { name: "amount", type: "DOUBLE", nullable: true },
    ],
  });
  const { rows, rejects, transformed } = await transform.run([order("abc", "2.50"), order("d", "0.5"), order("ef", "3")]);
  expect(transformed.rows).toMatchObject({
    count: 2,
    columns: [
      { name: "SIZE", type: "HUGEINT" },
      { name: "Order_Id", type: "VARCHAR" },
      { name: "amount", type: "DOUBLE" },
    ],
  });
  // HUGEINT travels as text: parquet-types.ts.
  expect(rows).toEqual([
    ["3", "abc", 2.5],
    ["2", "ef", 3],
  ]);
  expect(rejects).toEqual([]);
});

test("a batch of which nothing comes out has no rows and no file", async () => {
  await using transform = await open({ columns: orders, sql: "SELECT * FROM source WHERE false" });
  expect((await transform.run([order("a", "1")])).transformed).toEqual({ rows: null, rejects: [] });
  expect((await transform.run([null, null])).transformed).toEqual({
    rows: null,
    rejects: [0, 1].map((ordinal) => ({ ordinal, error: "refused before" })),
  });
  expect((await transform.run([])).transformed).toEqual({ rows: null, rejects: [] });
});

test("rejects name column, declared type and kind of value, never the value", async () => {
  await using transform = await open({
    columns: { n: "INTEGER", at: "TIMESTAMP", customer: "STRUCT(id INTEGER, tags VARCHAR[])" },
  });
  const { rows, rejects } = await transform.run([
    `"n":1`,
    null,
    `"n":"secret","at":1767225600000`,
    `"n":true,"customer":"secret"`,
    `"n":[1]`,
    `"customer":{"id":"secret","tags":5}`,
    `"n":{"secret":1}`,
    `"n":secret`,
    `"n":9`,
  ]);
  expect(rows.map(([n]) => n)).toEqual([1, 9]);
  expect(rejects).toEqual([
    { ordinal: 1, error: "refused before" },
    {
      ordinal: 2,
      error:
        "n: a string does not fit INTEGER; at: a number does not fit TIMESTAMP: write ISO 8601, a time zone as an offset such as +02:00",
    },
    { ordinal: 3, error: "n: true or false does not fit INTEGER; customer: a string is no object" },
    { ordinal: 4, error: "n: a list does not fit INTEGER" },
    { ordinal: 5, error: "customer.id: a value does not fit INTEGER; customer.tags: a value is no list" },
    { ordinal: 6, error: "n: an object does not fit INTEGER" },
    { ordinal: 7, error: "the record is not valid JSON" },
  ]);
});

test("a line longer than the reader's usual buffer is read", async () => {
  await using transform = await open({ columns: { a: "VARCHAR", n: "INTEGER" }, sql: "SELECT length(a) AS l, n FROM source" });
  const { rows, rejects } = await transform.run([`"a":"x","n":1`, `"a":"${"y".repeat(33_000_000)}","n":2`, `"a":"z","n":"q"`]);
  expect(rows).toEqual(
    [
      [1, 1],
      [33_000_000, 2],
    ].map(([length, n]) => [String(length), n]),
  );
  expect(rejects.map(({ ordinal }) => ordinal)).toEqual([2]);
});

test("metadata columns come out as SQL knows them, and the payload cannot stand in for them", async () => {
  await using transform = await open({
    columns: { a: "INTEGER" },
    sql: "SELECT *, _topic, _partition AS p, _offset, _timestamp AS at, _key, _headers['h'] AS h FROM source",
  });
  const meta = `"_topic":"t","_partition":3,"_offset":9007199254740991,"_timestamp":1767225600123,"_key":null,"_headers":{"h":"v","n":null}`;
  const { rows } = await transform.run([`${meta},"a":1,"_offset":5,"_i":7,"_topic":"forged"`]);
  expect(rows).toEqual([[1, "t", 3, "9007199254740991", "2026-01-01 00:00:00.123+00", null, "v"]]);
});

const forTarget = {
  columns: orders,
  target: [
    { name: "order_id", type: "VARCHAR", nullable: false, bytesMax: 4 },
    { name: "amount", type: "INTEGER", nullable: true },
  ],
} as const;
test.each([
  ["that can tell records apart", "SELECT order_id, amount FROM source"],
  [
    "through CTEs",
    "WITH a AS (SELECT * FROM source), b AS (SELECT * FROM a WHERE amount IS NOT NULL) SELECT order_id, amount FROM b",
  ],
  [
    "in a union",
    "SELECT order_id, amount FROM source WHERE currency = 'EUR' UNION ALL SELECT order_id, amount FROM source WHERE currency <> 'EUR'",
  ],
  ["that aggregates", "SELECT order_id, max(amount) AS amount FROM source GROUP BY order_id"],
  ["that is distinct", "SELECT DISTINCT order_id, amount FROM source"],
])("what does not fit the target is rejected, from SQL %s", async (_what, sql) => {
  await using transform = await open({ ...forTarget, sql });
  const { rows, rejects } = await transform.run([
    order("a", "1.00"),
    order(null, "2"),
    order("ééa", "3"),
    order("éé", "4"),
    order("b", "5.5"),
    order("c", "3000000000"),
  ]);
  expect(sorted(rows)).toEqual([
    ["a", 1],
    ["éé", 4],
  ]);
  expect(rejects).toEqual([
    { ordinal: 1, error: "order_id: NULL, and the table's column is NOT NULL" },
    { ordinal: 2, error: "order_id: longer than the 4 bytes the table's column takes" },
    { ordinal: 4, error: "amount: a value of type DECIMAL(18,2) does not fit INTEGER" },
    { ordinal: 5, error: "amount: a value of type DECIMAL(18,2) does not fit INTEGER" },
  ]);
});

test("a record of which one row does not fit is rejected with all its rows", async () => {
  await using transform = await open({
    columns: { id: "VARCHAR", items: "VARCHAR[]" },
    sql: "SELECT id, unnest(items) AS item FROM source",
    target: [
      { name: "id", type: "VARCHAR", nullable: true },
      { name: "item", type: "VARCHAR", nullable: false },
    ],
  });
  const { rows, rejects } = await transform.run([`"id":"a","items":["x",null,"y"]`, `"id":"b","items":["x","y"]`]);
  expect(rows).toEqual([
    ["b", "x"],
    ["b", "y"],
  ]);
  expect(rejects.map(({ ordinal }) => ordinal)).toEqual([0]);
});

test.each([
  ["SELECT order_id, amount FROM source ORDER BY amount DESC", true],
  ["SELECT order_id, amount FROM source UNION ALL SELECT order_id, amount FROM source WHERE false", true],
  ["SELECT * EXCLUDE (currency) FROM source JOIN (SELECT 'EUR' AS currency) USING (currency)", true],
  ["WITH a AS (SELECT * FROM source), b AS (SELECT order_id, amount FROM a) SELECT * FROM b ORDER BY amount DESC", true],
  ["SELECT x.* FROM (SELECT order_id, amount FROM source ORDER BY amount DESC) AS x LEFT JOIN range(1) ON true", true],
  [
    "WITH a AS (SELECT order_id, amount FROM source) SELECT * FROM a WHERE (order_id, amount) IN (SELECT * FROM a) OR order_id IS NULL ORDER BY amount",
    false,
  ],
  ["SELECT DISTINCT order_id, amount FROM source ORDER BY amount", false],
])("upsert keeps each key's latest record: %s", async (sql, byRecord) => {
  await using transform = await open({ columns: orders, sql, upsertKey: ["ORDER_ID"] });
  const { rows, rejects } = await transform.run([
    order("a", "9"),
    order("b", "5"),
    order(null, "1"),
    order("a", "2"),
    order("c", "7"),
    order("a", "3"),
    order("b", "6"),
  ]);
  // Where a row cannot tell its record, the last row that comes out counts: here that of the largest amount.
  expect(sorted(rows)).toEqual([
    ["a", byRecord ? "3.00" : "9.00"],
    ["b", "6.00"],
    ["c", "7.00"],
  ]);
  expect(rejects).toEqual([{ ordinal: 2, error: "order_id: NULL in the upsert key" }]);
});

test("a rejected record leaves the key to the one before it", async () => {
  await using transform = await open({
    columns: orders,
    sql: "SELECT order_id, amount FROM source",
    upsertKey: ["order_id"],
    target: [
      { name: "order_id", type: "VARCHAR", nullable: false },
      { name: "amount", type: "DECIMAL(3,2)", nullable: true },
    ],
  });
  const { rows, rejects } = await transform.run([order("a", "1"), order("a", "2"), order("a", "1000")]);
  expect(rows).toEqual([["a", "2.00"]]);
  expect(rejects.map(({ ordinal }) => ordinal)).toEqual([2]);
});

test.each([
  ["SELECT order_id, CAST(order_id AS INTEGER) AS n FROM source"],
  ["SELECT order_id, CAST(order_id AS INTEGER) AS n FROM source WHERE CAST(order_id AS INTEGER) >= 0"],
  [
    "SELECT order_id, CASE WHEN TRY_CAST(order_id AS INTEGER) IS NULL THEN error('no number: ' || order_id) ELSE order_id::INTEGER END AS n FROM source",
  ],
  ["SELECT order_id, n FROM (SELECT order_id, CAST(order_id AS INTEGER) AS n FROM source)"],
  ["SELECT order_id, CAST(order_id AS INTEGER) AS n, random() > 2 AS never FROM source"],
  ["SELECT order_id, max(CAST(order_id AS INTEGER)) AS n FROM source GROUP BY ALL"],
])("the SQL's own failure costs only the records at fault: %s", async (sql) => {
  await using transform = await open({ columns: orders, sql });
  const faulty = new Set([0, 17, 1023, 1024, 2047, 2048, 4999]);
  const records = Array.from({ length: 5000 }, (_, i) => (i === 100 ? null : order(faulty.has(i) ? `x${i}` : String(i), "1")));
  const { rows, rejects } = await transform.run(records);
  expect(rejects.map(({ ordinal }) => ordinal)).toEqual([0, 17, 100, 1023, 1024, 2047, 2048, 4999]);
  expect(new Set(rows.map((row) => row[0]))).toEqual(
    new Set(records.flatMap((_, i) => (i === 100 || faulty.has(i) ? [] : [String(i)]))),
  );
  const { error } = rejects[0]!;
  expect(error).toMatch(/^the SQL failed: (Conversion|Invalid Input) Error: /);
  if (error.includes("Conversion")) expect(error).not.toContain("x0");
});

test("SQL that fails with no single record to blame fails the batch", async () => {
  await using transform = await open({
    columns: orders,
    sql: "SELECT CASE WHEN count(*) > 1 THEN error('two together') ELSE 1 END AS n FROM source",
  });
  await expect(transform.run([order("a", "1"), order("b", "1")])).rejects.toThrow("transform: Invalid Input Error: two together");
  expect((await transform.run([order("a", "1")])).rows).toEqual([[1]]);
});

test("memory that does not suffice fails the batch and blames no record", async () => {
  await using transform = await open({
    columns: orders,
    sql: "SELECT repeat(order_id, length(order_id) * 50000000) AS much FROM source",
    memoryBytes: 64e6,
  });
  await expect(transform.run([order("ab", "1")])).rejects.toThrow("Out of Memory");
  expect(await readdir(transform.scratchDirectory)).toHaveLength(1);
});

test("a batch of 200,000 records and 32 MiB fits 256 MB", async () => {
  const filler = "f".repeat(110);
  const records = Array.from({ length: 200_000 }, (_, i) => `"id":"${i}-${filler}","n":${i},"c":{"e":"${i % 1000}@example.com"}`);
  await using transform = await open({
    columns: { id: "VARCHAR", n: "BIGINT", c: "STRUCT(e VARCHAR)" },
    upsertKey: ["id"],
    memoryBytes: 256e6,
  });
  const { transformed } = await transform.run(records);
  expect(transformed).toMatchObject({ rows: { count: 200_000 }, rejects: [] });
});

test("an abort interrupts the running statement and leaves nothing behind", async () => {
  await using transform = await open({
    columns: { n: "BIGINT" },
    sql: "SELECT n, (SELECT sum(a.range * b.range % 7) FROM range(100000) AS a, range(1000000) AS b WHERE a.range <> source.n) AS s FROM source",
  });
  const abort = new AbortController();
  const running = transform.run([`"n":1`], abort.signal);
  const reason = new Error("drain");
  setTimeout(() => abort.abort(reason), 200);
  const started = performance.now();
  await expect(running).rejects.toBe(reason);
  expect(performance.now() - started).toBeLessThan(10_000);
  await expect(transform.run([`"n":1`], abort.signal)).rejects.toBe(reason);
  const [own] = await readdir(transform.scratchDirectory);
  expect(await readdir(`${transform.scratchDirectory}/${own}`)).toEqual([]);
});

test("retarget changes the rows from the next batch on", async () => {
  await using transform = await open({
    columns: orders,
    sql: "SELECT order_id, amount FROM source",
    target: [{ name: "order_id", type: "VARCHAR", nullable: true }],
  });
  expect((await transform.run([order("a", "1")])).rows).toEqual([["a"]]);
  transform.transformer.retarget([
    { name: "amount", type: "INTEGER", nullable: true },
    { name: "order_id", type: "VARCHAR", nullable: true },
  ]);
  expect((await transform.run([order("a", "1")])).rows).toEqual([[1, "a"]]);
  expect(() => transform.transformer.retarget([{ name: "other", type: "INTEGER", nullable: true }])).toThrow(
    "the table has none of the SQL's columns order_id, amount",
  );
});

/** The rows in an order of their own: SQL promises none. */
function sorted(rows: readonly unknown[][]): unknown[][] {
  return rows.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
