import { describe, expect, it } from "vitest";
import { caseLines, compareRejects, passed, verdict, type CaseResult } from "../../../cli/cases/case-report.ts";

const plain = (_style: unknown, text: string): string => text;
const result = (parts: Partial<CaseResult>): CaseResult => ({
  case: { name: "a paid order", line: 7, pipeline: null, input: [], lookups: {}, rows: [], rejects: [] },
  problems: [],
  rows: [],
  rejects: [],
  ...parts,
});

describe("case report", () => {
  it("meets an expected reject by a reason that contains it", () => {
    const actual = new Map([[2, 'amount: "" is no DECIMAL']]);
    expect(compareRejects([{ input: 2, error: "amount" }], actual)).toEqual([]);
    expect(compareRejects([{ input: 2, error: "" }], actual)).toEqual([]);
    expect(compareRejects([{ input: 2, error: "date" }], actual)).toEqual([
      { input: 2, expected: "date", actual: 'amount: "" is no DECIMAL' },
    ]);
    expect(compareRejects([{ input: 1, error: "" }], actual)).toEqual([
      { input: 1, expected: "", actual: null },
      { input: 2, expected: null, actual: 'amount: "" is no DECIMAL' },
    ]);
  });

  it("shows every difference of a failed case under its name and place", () => {
    const failed = result({
      problems: ["lookup rates: …"],
      rows: [
        { kind: "different", row: 1, columns: [{ name: "amount_eur", expected: "92.09", actual: "92.10" }] },
        { kind: "missing", row: 2, expected: new Map([["order_id", '"A-2"']]) },
        { kind: "unexpected", actual: new Map([["order_id", '"A-3"']]) },
      ],
      rejects: [
        { input: 1, expected: "", actual: null },
        { input: 2, expected: null, actual: "not JSON" },
        { input: 3, expected: "date", actual: "amount" },
      ],
    });
    expect(passed(failed)).toBe(false);
    expect(caseLines(failed, "orders.test.yaml", plain).join("\n")).toBe(`✗ a paid order  orders.test.yaml:7
    lookup rates: …
    input 1 was not rejected
      - (any reason)
    input 2 was rejected
      + not JSON
    input 3 was rejected for another reason
      - date
      + amount
    row 1
      - amount_eur: 92.09
      + amount_eur: 92.10
    row 2 did not come out
      - { order_id: "A-2" }
    a row came out that was not expected
      + { order_id: "A-3" }`);
  });

  it("counts what passed and failed", () => {
    expect(caseLines(result({}), "x", plain)).toEqual(["✓ a paid order"]);
    expect(verdict([result({}), result({})], plain)).toBe("2 cases passed");
    expect(verdict([result({}), result({ problems: ["x"] })], plain)).toBe("1 case passed, 1 failed   (- expected  + came out)");
  });
});
