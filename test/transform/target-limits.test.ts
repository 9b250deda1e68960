import { expect, test } from "vitest";
import type { TargetColumn } from "../../transform/column.ts";
import { open } from "./run-sql.ts";

const within = (type: string, min: string, max: string): TargetColumn => ({
  name: "v",
  type,
  nullable: true,
  within: [min, max],
});
const strict: TargetColumn = { name: "v", type: "JSON", nullable: true, strictJson: true };

test.each([
  [
    "a range of timestamps",
    within("TIMESTAMP", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    ["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "NULL", "'2024-02-29 12:00:00.000001'"],
    ["'infinity'", "'-infinity'", "'10000-01-01 00:00:00'", "'0001-01-01 (BC) 00:00:00'"],
    /^v: not within 0001-01-01 00:00:00 and 9999-12-31 23:59:59\.999999, which the table's column takes$/,
  ],
  [
    "a range of dates",
    within("DATE", "0001-01-01", "9999-12-31"),
    ["'0001-01-01'", "'9999-12-31'"],
    ["'infinity'", "'10000-01-01'"],
    /^v: not within/,
  ],
  [
    "a range of times",
    within("TIME", "00:00:00", "23:59:59.999999"),
    ["'00:00:00'", "'23:59:59.999999'"],
    ["'24:00:00'"],
    /^v: not within/,
  ],
  [
    "characters, not bytes",
    { name: "v", type: "VARCHAR", nullable: true, charactersMax: 3 },
    ["'abc'", "'🧊🧊é'", "NULL", "''"],
    ["'abcd'", "'🧊🧊éé'"],
    /^v: longer than the 3 characters the table's column takes$/,
  ],
  [
    "JSON without NaN and Infinity",
    strict,
    [`'{"a":"NaN","b":"x: Infinity","c":"\\"NaN"}'`, `'1.5'`, "NULL", `'"-Infinity"'`],
    [`'{"a":NaN}'`, `'[1,-Infinity]'`, `'NaN'`, `'{"k\\"":NaN}'`],
    /^v: NaN or Infinity, which JSON does not have$/,
  ],
])("%s: what the target does not take is its record's error", async (...[, target, good, bad, message]) => {
  const cases = [...good, ...bad].map((value, at) => `WHEN ${at} THEN CAST(${value} AS ${target.type})`).join(" ");
  await using transform = await open({
    columns: { n: "INTEGER" },
    sql: `SELECT CASE n ${cases} END AS v FROM source`,
    target: [target],
  });
  // Twice: the second time rows are looked through before they are written, as the first time something was wrong.
  for (const _round of [1, 2]) {
    const { rows, rejects } = await transform.run([...good, ...bad].map((_value, at) => `"n":${at}`));
    expect(rejects.map(({ ordinal }) => ordinal)).toEqual(bad.map((_value, at) => good.length + at));
    for (const { error } of rejects) expect(error).toMatch(message);
    expect(rows).toHaveLength(good.length);
  }
});

test("what is nested becomes its JSON text, and only what JSON cannot say is rejected", async () => {
  await using transform = await open({
    columns: { n: "INTEGER" },
    sql: `SELECT {a: n, d: CAST(1.50 AS DECIMAL(38,10)), t: TIMESTAMP '2024-01-01 01:02:03.5', b: '\\xAA'::BLOB, l: [NULL, 'x'],
      f: CASE n WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN '-inf'::DOUBLE ELSE 0.1 END} AS v FROM source`,
    target: [strict],
  });
  const { rows, rejects } = await transform.run([`"n":0`, `"n":1`, `"n":2`]);
  expect(rows).toEqual([[`{"a":0,"d":1.5000000000,"t":"2024-01-01 01:02:03.5","b":"\\\\xAA","l":[null,"x"],"f":0.1}`]]);
  expect(rejects.map(({ ordinal }) => ordinal)).toEqual([1, 2]);
});

test("a column that is to travel as text is its text in the file", async () => {
  await using transform = await open({
    columns: { t: "TIME", n: "TIMESTAMP_NS" },
    target: [
      { name: "t", type: "TIME", nullable: true, asText: true },
      { name: "n", type: "TIMESTAMP_NS", nullable: true, asText: true },
    ],
  });
  const { rows } = await transform.run([`"t":"01:02:03.000004","n":"2024-01-01T00:00:00.123456789"`, `"t":null,"n":null`]);
  expect(rows).toEqual([
    ["01:02:03.000004", "2024-01-01 00:00:00.123456789"],
    [null, null],
  ]);
});
