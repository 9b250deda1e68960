import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestAccount, type TestAccount } from "../../../snowflake/open-test-account.ts";
import { open } from "../../../transform/run-sql.ts";
import { openPlace } from "./snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

/** What is declared, the column if it is not to be made, and values that the column does not take; the first is one it does. */
const cases: readonly [type: string, column: string | null, good: string, bad: readonly string[], error: RegExp][] = [
  [
    "HUGEINT",
    null,
    "-99999999999999999999999999999999999999",
    ["100000000000000000000000000000000000000"],
    /does not fit DECIMAL\(38,0\)/,
  ],
  ["BIGINT", "NUMBER(3,0)", "999", ["1000", "-1000"], /does not fit DECIMAL\(3,0\)/],
  ["VARCHAR", "VARCHAR(3)", "'\u{1f9ca}\u{1f9ca}\u{1f9ca}'", ["'abcd'"], /longer than the 3 characters/],
  [
    "VARCHAR",
    null,
    "repeat(repeat('x', k), k)",
    ["repeat(repeat('x', k), k) || 'y'", "repeat(repeat('é', k), k // 2) || 'y'"],
    /longer than the 16777216 bytes/,
  ],
  [
    "BLOB",
    null,
    "repeat(repeat('x', k), k // 2)::BLOB",
    ["(repeat(repeat('x', k), k // 2) || 'y')::BLOB"],
    /longer than the 8388608 bytes/,
  ],
  ["BLOB", "BINARY(2)", "'\\xFF\\x00'::BLOB", ["'\\xFF\\x00\\x01'::BLOB"], /longer than the 2 bytes/],
  ["DOUBLE", null, "'nan'::DOUBLE", [], /never/],
  ["STRUCT(x DOUBLE)", null, "{x: 1.5::DOUBLE}", ["{x: 'nan'::DOUBLE}", "{x: '-inf'::DOUBLE}"], /NaN or Infinity/],
  ["VARCHAR", "VARIANT", `'{"a":[1]}'`, ["'{'", "'text'"], /not valid JSON/],
  ["DATE", null, "'9999-12-31'::DATE", ["'infinity'::DATE", "'10000-01-01'::DATE"], /not within/],
  ["TIMESTAMP", null, "'0001-01-01'::TIMESTAMP", ["'-infinity'::TIMESTAMP", "'20000-01-01'::TIMESTAMP"], /not within/],
  ["TIMESTAMPTZ", null, "'9999-12-31 23:59:59.999999+00'::TIMESTAMPTZ", ["'infinity'::TIMESTAMPTZ"], /not within/],
  ["TIME", null, "'23:59:59.999999'::TIME", ["'24:00:00'::TIME"], /not within/],
  ["VARCHAR", "VARCHAR NOT NULL", "''", ["NULL::VARCHAR"], /the table's column is NOT NULL/],
];

test.each(cases)(
  "a %s that a column %s does not take is its record's error, and the others are loaded",
  async (...[type, column, good, bad, error]) => {
    await using place = await openPlace(account);
    if (column !== null) await account.query(`CREATE TABLE ${place.table} (N NUMBER(10,0), V ${column})`);
    const values = [good, ...bad].map((value, at) => `WHEN ${at} THEN ${value}`).join(" ");
    const sink = await place.open();
    const target = await sink.prepare([
      { name: "n", type: "INTEGER" },
      { name: "v", type },
    ]);
    await sink.restore(["a"]);
    await using transform = await open({
      columns: { n: "INTEGER", k: "INTEGER" },
      sql: `SELECT n, CAST(CASE n ${values} END AS ${type}) AS v FROM source`,
      target,
    });
    const result = await transform.run(
      [good, ...bad].map((_value, at) => `"n":${at},"k":4096`),
      undefined,
      async ({ rows }) => {
        expect(await sink.write(rows, [{ split: "a", from: null, to: { offset: 1 } }])).toEqual({ kind: "written" });
      },
    );
    expect(result.rejects.map(({ ordinal }) => ordinal)).toEqual(bad.map((_value, at) => at + 1));
    for (const reject of result.rejects) expect(reject.error).toMatch(error);
    expect(await account.query(`SELECT N FROM ${place.table}`)).toEqual([{ N: "0" }]);
  },
);
