import { describe, expect, it } from "vitest";
import { withIdentifiers } from "../../../warehouse/query/identifier-binds.ts";

const text = (value: string) => ({ type: "TEXT", value });

describe("names from binds", () => {
  it.each([
    ["SELECT ?", ["a"], "SELECT ?", ["a"]],
    ["INSERT INTO IDENTIFIER(?) VALUES (?)", ["db.s.t", "x"], "INSERT INTO db.s.t VALUES (?)", ["x"]],
    ["COPY INTO identifier( ? ) FROM ? /* ? */ '?'", ['"My t"', "@s"], "COPY INTO \"My t\" FROM ? /* ? */ '?'", ["@s"]],
    ["SELECT ?, a FROM IDENTIFIER(?)", ["x", "t"], "SELECT ?, a FROM t", ["x"]],
    ["SELECT :2 FROM IDENTIFIER(:1)", ["t", "x"], "SELECT :2 FROM t", ["t", "x"]],
    ["LIST IDENTIFIER(?)", ["@db.s.stage/a/b"], "LIST @db.s.stage/a/b", []],
  ])("stand in their places: %s", (sql, values, expected, left) => {
    expect(withIdentifiers({ text: sql, binds: values.map(text) })).toEqual({ text: expected, binds: left.map(text) });
  });

  it.each(["t; DROP TABLE u", "a b", "(SELECT 1)", '"open'])("are names: not %s", (value) => {
    expect(() => withIdentifiers({ text: "SELECT * FROM IDENTIFIER(?)", binds: [text(value)] })).toThrow(/invalid identifier/);
  });
});
