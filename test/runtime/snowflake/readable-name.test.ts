import { describe, expect, it } from "vitest";
import { nameParts, readableName } from "../../../runtime/snowflake/readable-name.ts";

describe("a name that people read", () => {
  it.each([
    [["ANALYTICS", "PUBLIC", "ORDERS_2$"], "ANALYTICS.PUBLIC.ORDERS_2$"],
    [["A", "Orders"], 'A."Orders"'],
    [["ORDER"], '"ORDER"'],
    [["1A"], '"1A"'],
    [['a"b.c'], '"a""b.c"'],
  ])("%j is %s, and is read again", (parts, text) => {
    expect(readableName(...parts)).toBe(text);
    expect(nameParts(text)).toEqual(parts);
  });

  it("is in upper case where it is not in quotes", () => {
    expect(nameParts("raw.lake")).toEqual(["RAW", "LAKE"]);
  });
});
