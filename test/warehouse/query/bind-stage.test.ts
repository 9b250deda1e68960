import { describe, expect, it } from "vitest";
import { records } from "../../../warehouse/query/bind-stage.ts";

describe("values of array binds in a stage", () => {
  it.each([
    ["", []],
    ["1,a\n", [["1", "a"]]],
    [
      "1,a\n2,b",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [",\n", [[null, null]]],
    ['"",x\n', [["", "x"]]],
    ['"a ""b"" c","1,2"\n', [['a "b" c', "1,2"]]],
    [
      '"two\nlines",\r\n"x",y\r\n',
      [
        ["two\nlines", null],
        ["x", "y"],
      ],
    ],
  ])("reads %j", (text, expected) => {
    expect([...records(text)]).toEqual(expected);
  });

  it("refuses what is no CSV", () => {
    expect(() => [...records('"open')]).toThrow(/no CSV/);
  });
});
