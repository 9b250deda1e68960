import { expect, test } from "vitest";
import { open } from "./run-sql.ts";

const columns = { v: "VARCHAR", n: "BIGINT" } as const;
const record = (v: string, n = 4111): string => `"v":${JSON.stringify(v)},"n":${n}`;

test.each([
  ["v->>'ssn'", record('{"ssn":"123-4111" oops'), "Invalid Input Error: Malformed JSON at byte 18"],
  [
    "v::INTEGER",
    record("it's 4111 1111 x"),
    "Conversion Error: Could not convert string to INT32 when casting from source column v",
  ],
  [
    "v::INTEGER",
    record("x' to INT8 when casting from source column 4111\ny"),
    "Conversion Error: Could not convert string to INT32 when",
  ],
  ["v::DECIMAL(4,2)", record('sec"ret 4111'), "Conversion Error: Could not convert string to DECIMAL(4,2) when casting from"],
  ["v::DATE", record('a"secret 4111'), "Conversion Error: invalid date field format when casting from source column v"],
  ["n::TINYINT", record("x"), "Conversion Error: Could not convert INT64 to INT8 when casting from source column n"],
  ["n * 9223372036854775807", record("x"), "Out of Range Error: Overflow in multiplication of INT64"],
  ["timezone(v, TIMESTAMP '2024-01-01')", record("o'se 4111 zone"), "Not implemented Error: Unknown TimeZone"],
  ["regexp_replace('x', v, 'y')", record("(4111"), "Invalid Input Error (DuckDB's details"],
  ["v::BLOB", record("\\xZZ 4111"), "Conversion Error: Invalid hex escape code"],
  ["chr(n::INTEGER)", record("x", 99994111), "Invalid Input Error: Invalid UTF8 Codepoint"],
  ["make_date(n, 13, 1)", record("x"), "Conversion Error: Date out of range"],
  ["format(v, 1)", record("{secret4111}"), "Invalid Input Error (DuckDB's details"],
  ["strptime(v, '%Y')", record('top"secret 4111'), "Invalid Input Error: Could not parse string"],
  ["v::STRUCT(a INTEGER)", record("{a: sec'ret 4111}"), "Conversion Error: Could not convert VARCHAR when casting"],
  ["v::INTEGER", record("__snowline_error:4111"), "Conversion Error: Could not convert string to INT32"],
])("a reject says what failed without the record's value: %s", async (expression, members, says) => {
  await using transform = await open({ columns, sql: `SELECT ${expression} AS s FROM source` });
  const { rejects } = await transform.run([members]);
  expect(rejects).toHaveLength(1);
  expect(rejects[0]!.error).toContain(`the SQL failed: ${says}`);
  expect(rejects[0]!.error).toContain("DuckDB's details are left out");
  expect(rejects[0]!.error).not.toMatch(/4111|oops|cret|zone\b/);
});

test("the text of the owner's own error() is kept, and its NULL fails nothing", async () => {
  const sql = "SELECT CASE WHEN n < 0 THEN error('negative: ' || v) WHEN n = 0 THEN error(NULL) ELSE n END AS n FROM source";
  await using transform = await open({ columns, sql });
  const { rows, rejects } = await transform.run([record("x", -1), record("y", 0), record("z", 1)]);
  expect(rejects).toEqual([{ ordinal: 0, error: "the SQL failed: Invalid Input Error: negative: x" }]);
  expect(rows).toEqual([[null], ["1"]]);
});

test("the error of a whole batch holds no value either, nor does its cause", async () => {
  const sql = "SELECT CASE WHEN count(*) > 1 THEN CAST(max(v) AS INTEGER) END AS s FROM source";
  await using transform = await open({ columns, sql });
  const error = await transform.run([record("joe@x.org"), record("jim@x.org")]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  const { message, cause } = error as Error;
  expect(message).toContain("transform: Conversion Error: Could not convert string");
  expect(message).not.toContain("joe");
  expect(cause).toBeUndefined();
});
