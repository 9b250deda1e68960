import avro from "avsc";
import { describe, expect, it } from "vitest";
import { caseBytes, caseFormat } from "../../../cli/cases/case-bytes.ts";

const columns = [
  { name: "id", type: "INTEGER" },
  { name: "name", type: "VARCHAR" },
];
const csv = { columns: { id: "INTEGER", name: "VARCHAR" }, delimiter: ";", header: true, nullText: "" };
const schema = JSON.stringify({
  type: "record",
  name: "Person",
  fields: [
    { name: "id", type: "int" },
    { name: "name", type: ["null", "string"], default: null },
  ],
});

describe("caseBytes", () => {
  it("writes JSON, and a row of a Parquet file as JSON", () => {
    expect(String(caseBytes({ id: 1 }, { json: {} }, columns))).toBe('{"id":1}');
    expect(String(caseBytes({ id: 1 }, { parquet: { columns: {} } }, columns))).toBe('{"id":1}');
  });

  it("writes CSV fields in the order of the columns, quoted where they must be", () => {
    expect(String(caseBytes({ name: 'a;"b"', id: 1 }, { csv }, columns))).toBe('1;"a;""b"""');
    expect(String(caseBytes({ name: "", id: null }, { csv }, columns))).toBe(';""');
    expect(String(caseBytes({ id: 1 }, { csv }, columns))).toBe("1;");
    expect(String(caseBytes({ id: 1, spare: "s" }, { csv: { ...csv, fields: ["spare", "name", "id"] } }, columns))).toBe("s;;1");
    expect(caseBytes({ nam: "x" }, { csv }, columns)).toBe("nam is no field of the record; there are id, name");
  });

  it("writes Avro of the manifest's schema: unions need no wrapping, defaults are filled in", () => {
    const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
    const bytes = caseBytes({ id: 7, name: "Ada" }, { avro: { schema } }, columns);
    expect(type.fromBuffer(bytes as Buffer)).toMatchObject({ id: 7, name: "Ada" });
    expect(type.fromBuffer(caseBytes({ id: 7 }, { avro: { schema } }, columns) as Buffer)).toMatchObject({ id: 7, name: null });
    expect(caseBytes({ id: "seven" }, { avro: { schema } }, columns)).toContain("the value does not fit the Avro schema");
  });

  it("does without a schema registry", () => {
    const registry = { connection: "registry" };
    expect(caseFormat({ avro: { schema, registry } })).toEqual({ avro: { schema } });
    expect(caseFormat({ avro: { registry, columns: { id: "INTEGER" } } })).toEqual({ json: { columns: { id: "INTEGER" } } });
    expect(caseFormat({ csv })).toEqual({ csv });
  });

  it("wants raw records as bytes", () => {
    expect(caseBytes({ id: 1 }, { raw: { as: "text" } }, columns)).toContain("give the record as text or base64");
  });
});
