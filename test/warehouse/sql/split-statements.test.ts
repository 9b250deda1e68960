import { expect, test } from "vitest";
import { splitStatements } from "../../../warehouse/sql/split-statements.ts";

test.for([
  ["SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
  ["SELECT ';', \"a;b\" ; ; -- one; two\nSELECT $$x;'y$$ /* ; */", ["SELECT ';', \"a;b\"", "SELECT $$x;'y$$"]],
  ["SELECT 'it''s; so', 'a\\';b'", ["SELECT 'it''s; so', 'a\\';b'"]],
  ["-- nothing\n", []],
  ["SELECT 1 // a comment; too\n", ["SELECT 1"]],
] as const)("%s is split where a statement ends", ([text, statements]) => {
  expect(splitStatements(text)).toEqual(statements);
});

test("a text that does not end is told with its place", () => {
  expect(() => splitStatements("SELECT 1;\nSELECT 'x")).toThrow(
    expect.objectContaining({ code: "001003", message: expect.stringContaining("parse error line 2 at position 7") }),
  );
});
