import { expect, test } from "vitest";
import type { Format } from "../../crds/format.ts";
import type { PipelineSource } from "../../crds/kinds/pipeline.ts";
import { areProblems } from "../../transform/check-columns.ts";
import { sourceColumns } from "../../transform/source-columns.ts";
import { parseType, typeText } from "../../transform/type.ts";

function kafka(format: Format): PipelineSource {
  return {
    kafka: { connection: "events", topics: ["orders"], startFrom: "earliest", tombstones: "skip", fetchWaitMs: 500, format },
  };
}
function shown(source: PipelineSource): string[] {
  const found = sourceColumns(source);
  return areProblems(found)
    ? found.map(({ path, message }) => `${path}: ${message}`)
    : found.map(({ name, type }) => `${name} ${type}`);
}
const avro = (schema: unknown): PipelineSource => kafka({ avro: { schema: JSON.stringify(schema) } });
const record = (...fields: readonly [name: string, type: unknown][]) => ({
  type: "record",
  name: "R",
  fields: fields.map(([name, type]) => ({ name, type })),
});

test("each format has the columns it declares", () => {
  const columns = { id: "text", at: "timestamptz", items: "struct(sku string, qty int)[]", tags: "map(varchar, int8)" };
  const read = [
    "id VARCHAR",
    "at TIMESTAMP WITH TIME ZONE",
    'items STRUCT("sku" VARCHAR, "qty" INTEGER)[]',
    "tags MAP(VARCHAR, BIGINT)",
  ];
  expect(shown(kafka({ json: { columns } }))).toEqual(read);
  expect(shown(kafka({ csv: { columns, delimiter: ",", header: true, nullText: "" } }))).toEqual(read);
  expect(shown({ files: { paths: ["*.parquet"], format: { parquet: { columns } } } })).toEqual(read);
  expect(shown(kafka({ avro: { schema: "ignored", columns } }))).toEqual(read);
  expect(shown(kafka({ json: {} }))).toEqual(["value JSON"]);
  expect(shown(kafka({ raw: { as: "text" } }))).toEqual(["value VARCHAR"]);
  expect(shown({ files: { paths: ["*"], format: { raw: { as: "bytes" } } } })).toEqual(["value BLOB"]);
});

test("wrong declarations are named with their place and the fix", () => {
  const path = "source.kafka.format.json.columns";
  expect(
    shown(
      kafka({
        json: {
          columns: { Amount: "DECIMAL(40,2)", amount: "VARCHA", _offset: "BIGINT", _i: "INTEGER", x: "INT); DROP TABLE y" },
        },
      }),
    ),
  ).toEqual([
    `${path}.Amount: type DECIMAL(40,2): DECIMAL(width,scale) wants a width from 1 to 38 and a scale up to the width`,
    `${path}.amount: column amount: Amount is the same name, as SQL does not tell upper from lower case; rename one of them`,
    `${path}.amount: type VARCHA: there is no type VARCHA; did you mean VARCHAR?`,
    `${path}._offset: column _offset: every row can see its record's _offset already; remove the column and use _offset in the SQL`,
    `${path}._i: column _i: Snowline uses this name itself; rename the column`,
    `${path}.x: type INT); DROP TABLE y: ")" stands after its end`,
  ]);
});

test.each([
  ["Double Precision[3][]", "DOUBLE[3][]"],
  ["VARCHAR(20)", "VARCHAR"],
  ["numeric", "DECIMAL(18,3)"],
  ["decimal(5)", "DECIMAL(5,0)"],
  ["time with time zone", "TIME WITH TIME ZONE"],
  ['ROW("a "" b" MAP(TEXT, BOOL[]))', 'STRUCT("a "" b" MAP(VARCHAR, BOOLEAN[]))'],
])("%s is read as %s, and what is written is read again", (text, written) => {
  const type = parseType(text);
  expect(typeof type === "string" ? type : typeText(type)).toBe(written);
  expect(parseType(written)).toEqual(type);
});

test.each([
  ["", "it ends where a type is expected"],
  ["STRUCT(a INT", 'it ends where ")" is expected'],
  ["STRUCT(a INT, A INT)", 'STRUCT names the field "A" twice'],
  ["MAP(INTEGER, VARCHAR)", "use MAP(VARCHAR, …)"],
  ["ENUM('a')", "use VARCHAR or JSON"],
  ["INTEGER[0]", "from 1 to 100000"],
  ["LISTS".repeat(9), "there is no type"],
  [`${"STRUCT(a ".repeat(100)}INT${")".repeat(100)}`, "nested more than 64 deep"],
])("%s is no type", (text, message) => {
  expect(parseType(text)).toContain(message);
});

test("an Avro schema's logical types, unions and nested records become DuckDB's types", () => {
  const logical = (type: string, logicalType: string, more = {}) => ({ type, logicalType, ...more });
  expect(
    shown(
      avro(
        record(
          ["b", "boolean"],
          ["i", ["null", "int"]],
          ["d", logical("bytes", "decimal", { precision: 12, scale: 2 })],
          ["f", { type: "fixed", name: "F", size: 8, logicalType: "decimal", precision: 18, scale: 4 }],
          ["day", logical("int", "date")],
          ["t", logical("int", "time-millis")],
          ["ms", logical("long", "timestamp-millis")],
          ["ns", logical("long", "timestamp-nanos")],
          ["local", logical("long", "local-timestamp-micros")],
          ["u", logical("string", "uuid")],
          ["unknown", logical("long", "never-heard-of")],
          ["e", { type: "enum", name: "E", symbols: ["A"] }],
          ["again", "E"],
          [
            "l",
            {
              type: "array",
              items: ["null", { type: "record", name: "Item", namespace: "n", fields: [{ name: "q", type: "long" }] }],
            },
          ],
          ["one", "n.Item"],
          ["m", { type: "map", values: "bytes" }],
          ["many", ["null", "string", "long"]],
          ["x", { type: "fixed", name: "X", size: 4 }],
        ),
      ),
    ),
  ).toEqual([
    "b BOOLEAN",
    "i INTEGER",
    "d DECIMAL(12,2)",
    "f DECIMAL(18,4)",
    "day DATE",
    "t TIME",
    "ms TIMESTAMP WITH TIME ZONE",
    "ns TIMESTAMP_NS",
    "local TIMESTAMP",
    "u UUID",
    "unknown BIGINT",
    "e VARCHAR",
    "again VARCHAR",
    'l STRUCT("q" BIGINT)[]',
    'one STRUCT("q" BIGINT)',
    "m MAP(VARCHAR, BLOB)",
    "many JSON",
    "x BLOB",
  ]);
});

test("a record inside itself becomes JSON", () => {
  expect(shown(avro(record(["v", "int"], ["next", ["null", "R"]], ["kids", { type: "array", items: "R" }])))).toEqual([
    "v INTEGER",
    "next JSON",
    "kids JSON[]",
  ]);
});

test("an Avro schema that is none is named", () => {
  expect(shown(kafka({ avro: { schema: "{" } }))).toEqual(["source.kafka.format.avro.schema: the Avro schema is not valid JSON"]);
  expect(shown(avro("string"))[0]).toContain("has to be a record");
  expect(shown(avro(record(["a", "Missing"])))[0]).toContain("type Missing is not defined before it is used");
});
