import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RowReader } from "../../../cli/cases/row-reader.ts";

describe("RowReader", () => {
  let reader: RowReader;
  beforeAll(async () => {
    reader = await RowReader.open([
      { name: "id", type: "BIGINT" },
      { name: "price", type: "DECIMAL(18,2)" },
      { name: "at", type: "TIMESTAMP" },
      { name: "name", type: "VARCHAR" },
      { name: 'od"d', type: "STRUCT(a INTEGER, b VARCHAR[])" },
      { name: "exact", type: "DECIMAL(18,2)[]" },
      { name: "json", type: "JSON" },
    ]);
  });
  afterAll(() => reader[Symbol.dispose]());

  it("casts a case's values to the columns' types, so that equal values are equal texts", async () => {
    expect(await reader.fromCase({ at: "2026-01-31T12:00:00", price: "1234567890123456.78", id: "7" })).toEqual(
      new Map([
        ["at", "2026-01-31 12:00:00"],
        ["price", "1234567890123456.78"],
        ["id", "7"],
      ]),
    );
    expect(await reader.fromCase({ name: "NULL " })).toEqual(new Map([["name", '"NULL "']]));
    expect(await reader.fromCase({ name: null })).toEqual(new Map([["name", "null"]]));
    expect(await reader.fromCase({ price: 1 })).toEqual(new Map([["price", "1.00"]]));
    expect(await reader.fromCase({ 'od"d': { a: 1, b: ["x", null] }, id: null })).toEqual(
      new Map([
        ['od"d', '{"a":1,"b":["x",null]}'],
        ["id", "null"],
      ]),
    );
    expect(await reader.fromCase({ exact: ["9007199254740993.01"], json: null })).toEqual(
      new Map([
        ["exact", "[9007199254740993.01]"],
        ["json", "null"],
      ]),
    );
  });

  it("says which column there is none of, and which value does not fit", async () => {
    expect(await reader.fromCase({ pric: 1 })).toBe(
      'no column "pric" comes out; there are id, price, at, name, od"d, exact, json',
    );
    expect(await reader.fromCase({ at: "soon" })).toContain('at: "soon" is no TIMESTAMP');
  });
});
