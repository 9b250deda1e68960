import { describe, expect, it } from "vitest";
import { countText, cut, durationText, paintFor, plural, tableText } from "../../cli/text.ts";

describe("text", () => {
  it("writes counts with separators and nouns that agree", () => {
    expect(countText(1707)).toBe("1,707");
    expect(plural(1, "row")).toBe("1 row");
    expect(plural(0, "row")).toBe("0 rows");
    expect(plural(12_345, "row")).toBe("12,345 rows");
  });

  it.each([
    [0, "0 s"],
    [0.449, "0.4 s"],
    [9.99, "9.9 s"],
    [12.7, "12 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
    [3600, "1 h"],
    [356_400, "4 d 3 h"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it("colours only where colours are shown or asked for", () => {
    const output = { write: () => true };
    expect(paintFor({ colour: undefined }, output)("red", "no")).toBe("no");
    expect(paintFor({ colour: undefined }, { ...output, isTTY: true })("red", "yes")).toBe("\u001B[31myes\u001B[39m");
    expect(paintFor({ colour: false }, { ...output, isTTY: true })("red", "no")).toBe("no");
    expect(paintFor({ colour: true }, output)("red", "yes")).toContain("\u001B[31m");
  });

  it("cuts long text with an ellipsis", () => {
    expect(cut("four", 4)).toBe("four");
    expect(cut("fives", 4)).toBe("fiv…");
  });

  it("lines a table up, numbers to the right, newlines out, long cells cut", () => {
    const lines = tableText(
      ["place", "magnitude"],
      [
        ["Castaic,\nCA", "2.0"],
        ["x".repeat(50), "-10.25"],
      ],
      12,
    );
    expect(lines).toEqual([
      "place         magnitude",
      "────────────  ─────────",
      "Castaic, CA         2.0",
      "xxxxxxxxxxx…     -10.25",
    ]);
  });
});
