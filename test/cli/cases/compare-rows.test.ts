import { describe, expect, it } from "vitest";
import { compareRows } from "../../../cli/cases/compare-rows.ts";
import type { TextRow } from "../../../cli/cases/row-reader.ts";

const row = (values: Readonly<Record<string, unknown>>): TextRow =>
  new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));

describe("compareRows", () => {
  it("finds no difference in equal rows of any order", () => {
    const [a, b] = [row({ id: 1, x: "a" }), row({ id: 2, x: "b" })];
    expect(compareRows([a, b], [b, a])).toEqual([]);
    expect(compareRows([], [])).toEqual([]);
  });

  it("compares only the columns that the expected row names", () => {
    expect(compareRows([row({ id: 1 })], [row({ id: 1, x: "whatever" })])).toEqual([]);
  });

  it("counts equal rows: twice expected must come out twice", () => {
    const once = row({ id: 1 });
    expect(compareRows([once, once], [once])).toEqual([{ kind: "missing", row: 2, expected: once }]);
    expect(compareRows([once], [once, once])).toEqual([{ kind: "unexpected", actual: once }]);
  });

  it("shows the smallest difference: rows that are nearly equal are held against each other", () => {
    const expected = [row({ id: 1, x: "a", y: 1 }), row({ id: 2, x: "b", y: 2 })];
    const actual = [row({ id: 2, x: "b", y: 3 }), row({ id: 1, x: "a", y: 1 })];
    expect(compareRows(expected, actual)).toEqual([
      { kind: "different", row: 2, columns: [{ name: "y", expected: "2", actual: "3" }] },
    ]);
  });

  it("holds rows against each other that are equal in the first column, whatever else is equal elsewhere", () => {
    const expected = [row({ id: 4, eur: 5 }), row({ id: 1, eur: 5.1 })];
    const actual = [row({ id: 1, eur: 5 }), row({ id: 2, eur: 5 })];
    expect(compareRows(expected, actual)).toEqual([
      { kind: "different", row: 1, columns: [{ name: "id", expected: "4", actual: "2" }] },
      { kind: "different", row: 2, columns: [{ name: "eur", expected: "5.1", actual: "5" }] },
    ]);
    const [wide, other] = [row({ id: 1, x: "a", y: 1, z: 1 }), row({ id: 1, x: "b", y: 2, z: 2 })];
    expect(compareRows([wide], [other])).toMatchObject([{ kind: "different", row: 1 }]);
  });

  it("calls rows missing and unexpected that have little in common", () => {
    const [wanted, other] = [row({ id: 1, x: "a", y: 1 }), row({ id: 2, x: "b", y: 2 })];
    expect(compareRows([wanted], [other])).toEqual([
      { kind: "missing", row: 1, expected: wanted },
      { kind: "unexpected", actual: other },
    ]);
  });
});
