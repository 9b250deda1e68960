import { expect, test } from "vitest";
import { columnOrigins } from "../../transform/column-lineage.ts";
import { compileTransform } from "../../transform/compile.ts";
import type { Lookup } from "../../crds/kinds/transform.ts";

const source = [
  { name: "id", type: "VARCHAR" },
  { name: "Customer", type: "STRUCT(id VARCHAR, email VARCHAR)" },
  { name: "amount", type: "DECIMAL(10,2)" },
  { name: "currency", type: "VARCHAR" },
];
const rates: Lookup = {
  refreshSeconds: 600,
  file: { path: "rates.csv", columns: { currency: "VARCHAR", rate: "DOUBLE" } },
};

/** `output: inputs`, with `=` before an input that came as it was; null where nothing is derived. */
async function originsOf(sql: string, lookups: Readonly<Record<string, Lookup>> = {}): Promise<readonly string[] | null> {
  const compiled = await compileTransform({ source, transform: { sql, lookups }, upsertKey: null });
  if (Array.isArray(compiled)) throw new Error(compiled.map(({ message }) => message).join());
  const origins = await columnOrigins(compiled);
  return origins?.map(({ output, inputs, identity }) => `${output}: ${identity ? "=" : ""}${inputs.join(", ")}`) ?? null;
}

test.each([
  ["SELECT id, amount AS total FROM source", ["id: =id", "total: =amount"]],
  ["SELECT * FROM source", ["id: =id", "Customer: =Customer", "amount: =amount", "currency: =currency"]],
  ["SELECT s.id, s.customer.email AS mail FROM source s WHERE amount > 1", ["id: =id", "mail: Customer"]],
  ["SELECT sha256(lower(customer.email)) AS customer FROM source", ["customer: Customer"]],
  [
    "SELECT amount * 2 AS doubled, doubled || currency AS text, 1 AS one, _topic FROM source",
    ["doubled: amount", "text: amount, currency", "one: ", "_topic: "],
  ],
  ["SELECT CASE WHEN id = 'x' THEN amount END AS part FROM source", ["part: id, amount"]],
  ["SELECT * EXCLUDE (id) FROM source", null],
  ["SELECT *, 1 AS one FROM source", null],
  ["WITH a AS (SELECT id FROM source) SELECT id FROM a", null],
  ["SELECT id FROM (SELECT id FROM source)", null],
  ["SELECT id FROM source UNION ALL SELECT currency FROM source", null],
  ["SELECT list_transform([1], x -> x + amount) AS l FROM source", null],
  ["SELECT x FROM source s(x)", null],
])("%s", async (sql, origins) => {
  expect(await originsOf(sql)).toEqual(origins);
});

test("columns of a lookup are none of the source's", async () => {
  const sql = "SELECT id, amount * rates.rate AS eur, rate FROM source JOIN rates USING (currency)";
  expect(await originsOf(sql, { rates })).toEqual(["id: =id", "eur: amount", "rate: "]);
  expect(await originsOf("SELECT * FROM source JOIN rates USING (currency)", { rates })).toBeNull();
});
