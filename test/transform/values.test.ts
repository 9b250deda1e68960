import { expect, test } from "vitest";
import { open, randomNumbers, seedOf } from "./run-sql.ts";

const wrong = Symbol("wrong");
/** Type, JSON text of a value, and what comes out; `wrong`: the record is rejected. */
const table: readonly (readonly [type: string, json: string, expected: unknown])[] = [
  ["VARCHAR", `"a\\u0000b"`, "a\u0000b"],
  ["VARCHAR", `1.50`, "1.5"],
  ["VARCHAR", `{"b":[1]}`, `{"b":[1]}`],
  ["BOOLEAN", `true`, true],
  ["BOOLEAN", `"false"`, false],
  ["BOOLEAN", `"maybe"`, wrong],
  ["INTEGER", `"12"`, 12],
  ["INTEGER", `1.0`, 1],
  ["INTEGER", `1e3`, 1000],
  ["INTEGER", `1.5`, wrong],
  ["INTEGER", `"1.5"`, wrong],
  ["INTEGER", `"15e-1"`, wrong],
  ["INTEGER", `2147483648`, wrong],
  ["INTEGER", `""`, wrong],
  ["INTEGER", `" +7 "`, 7],
  ["INTEGER", `"7."`, 7],
  ["INTEGER", `"1.50e1"`, 15],
  ["INTEGER", `"1500e-2"`, 15],
  ["INTEGER", `"0e-9"`, 0],
  ["INTEGER", `"1e-400"`, wrong],
  ["INTEGER", `"0x1F"`, wrong],
  ["INTEGER", `"0b11"`, wrong],
  ["INTEGER", `"1_000"`, wrong],
  ["INTEGER", `"1_0e1"`, wrong],
  ["BIGINT", `"123456789012345678e-1"`, wrong],
  ["BIGINT", `"123456789012345670e-1"`, "12345678901234567"],
  ["BIGINT", `1.2345678901234567e18`, "1234567890123456800"],
  ["BIGINT", `"9007199254740993.0"`, "9007199254740993"],
  ["INTEGER", `true`, wrong],
  ["INTEGER", `[1]`, wrong],
  ["INTEGER", `{}`, wrong],
  ["INTEGER", `null`, null],
  ["UTINYINT", `255`, 255],
  ["UTINYINT", `-1`, wrong],
  ["UBIGINT", `18446744073709551615`, "18446744073709551615"],
  ["HUGEINT", `170141183460469231731687303715884105727`, "170141183460469231731687303715884105727"],
  ["HUGEINT", `"123456789012345678901.5"`, wrong],
  ["DECIMAL(18,2)", `"1234567890123456.78"`, "1234567890123456.78"],
  ["DECIMAL(38,2)", `"123456789012345678901234567890123456.78"`, "123456789012345678901234567890123456.78"],
  ["DECIMAL(18,2)", `"1.005"`, "1.01"],
  ["DECIMAL(18,2)", `1.005`, "1.01"],
  ["DECIMAL(18,2)", `"-1.005"`, "-1.01"],
  ["DECIMAL(4,2)", `"100"`, wrong],
  ["DECIMAL(4,2)", `"n/a"`, wrong],
  ["DECIMAL(4,2)", `NaN`, wrong],
  ["DECIMAL(4,2)", `"1_0"`, wrong],
  ["DOUBLE", `"1_0"`, wrong],
  ["DOUBLE", `"0.1"`, 0.1],
  ["DOUBLE", `1e400`, wrong],
  ["DOUBLE", `"1e400"`, wrong],
  ["DOUBLE", `"NaN"`, "NaN"],
  ["DOUBLE", `"-Infinity"`, "-Infinity"],
  ["FLOAT", `1e39`, wrong],
  ["DATE", `"2026-02-28"`, "2026-02-28"],
  ["DATE", `"2026-02-30"`, wrong],
  ["DATE", `"infinity"`, wrong],
  ["DATE", `20260228`, wrong],
  ["DATE", `"2026-02-28T00:00:00.000Z"`, "2026-02-28"],
  ["DATE", `"2026-02-28 00:00:00"`, "2026-02-28"],
  ["DATE", `"2026-02-28T00:00:00+02:00"`, wrong],
  ["DATE", `"2026-02-28T23:00:00-05:00"`, wrong],
  ["DATE", `"2026-02-28T25:99"`, wrong],
  ["DATE", `"2026-02-28 abc"`, wrong],
  ["DATE", `"26-2-28"`, wrong],
  ["TIME", `"10:00:01.5"`, "10:00:01.5"],
  ["TIME", `"25:00:00"`, wrong],
  ["TIME", `"10:00"`, "10:00:00"],
  ["TIME", `"10:00:00xyz"`, wrong],
  ["TIME", `"10:00:00+02:00"`, wrong],
  ["TIME", `"2026-01-01T10:00:00Z"`, wrong],
  ["TIME WITH TIME ZONE", `"10:00:00+02:00"`, "10:00:00+02"],
  ["TIME WITH TIME ZONE", `"2026-01-01T10:00:00+02:00"`, wrong],
  ["TIMESTAMP", `"2026-01-01T10:00:00Z"`, "2026-01-01 10:00:00"],
  ["TIMESTAMP", `"2026-01-01T10:00:00+02:00"`, "2026-01-01 08:00:00"],
  ["TIMESTAMP", `"2026-01-01 10:00:00.123456789"`, "2026-01-01 10:00:00.123456"],
  ["TIMESTAMP", `1767225600000`, wrong],
  ["TIMESTAMP", `"infinity"`, wrong],
  ["TIMESTAMP", `"2026-07-01T10:00:00 UTC"`, "2026-07-01 10:00:00"],
  ["TIMESTAMP", `"2026-07-01T10:00:00+0200"`, "2026-07-01 08:00:00"],
  ["TIMESTAMP", `"2026-07-01"`, "2026-07-01 00:00:00"],
  ["TIMESTAMP", `"2026-07-01 10:00:00 America/New_York"`, wrong],
  ["TIMESTAMP", `"2026-07-01 10:00:00"`, "2026-07-01 10:00:00"],
  ["TIMESTAMP", `"2026-07-01T10:00:00\\tEST"`, wrong],
  ["TIMESTAMP_S", `"2026-01-01T10:00:00+02:00"`, "2026-01-01 08:00:00"],
  ["TIMESTAMP_S", `"2026-01-01 10:00:00.9"`, "2026-01-01 10:00:00"],
  ["TIMESTAMP_S", `"1969-12-31 23:59:59.5"`, "1969-12-31 23:59:59"],
  ["TIMESTAMP_MS", `"2026-01-01 10:00:00.9999"`, "2026-01-01 10:00:00.999"],
  ["TIMESTAMP_MS", `"2026-01-01T10:00:00.5+02:00"`, "2026-01-01 08:00:00.5"],
  ["TIMESTAMP_NS", `"2026-01-01T10:00:00.123456789+02:00"`, "2026-01-01 08:00:00.123456789"],
  ["TIMESTAMP WITH TIME ZONE", `"2026-01-01T10:00:00+02:00"`, "2026-01-01 08:00:00+00"],
  ["TIMESTAMP WITH TIME ZONE", `"2026-01-01 10:00:00"`, "2026-01-01 10:00:00+00"],
  ["UUID", `"550e8400-e29b-41d4-a716-446655440000"`, "550e8400-e29b-41d4-a716-446655440000"],
  ["UUID", `"550e8400"`, wrong],
  ["BLOB", `"AAH/"`, "\\x00\\x01\\xFF"],
  ["BLOB", `"AAH"`, wrong],
  ["BLOB", `"!"`, wrong],
  ["BLOB", `""`, ""],
  ["JSON", `{"a": [1, "x"]}`, `{"a":[1,"x"]}`],
  ["JSON", `"text"`, `"text"`],
  ["JSON", `null`, null],
  ["INTEGER[]", `[1,"2",null]`, [1, 2, null]],
  ["INTEGER[]", `[1,"x"]`, wrong],
  ["INTEGER[]", `[1.5]`, wrong],
  ["INTEGER[]", `[]`, []],
  ["INTEGER[]", `{}`, wrong],
  ["INTEGER[]", `"[1]"`, wrong],
  ["INTEGER[2]", `[1,2]`, [1, 2]],
  ["INTEGER[2]", `[1]`, wrong],
  ["VARCHAR[][]", `[["a"],[]]`, [["a"], []]],
  ["VARCHAR[][]", `[["a"],5]`, wrong],
  ["STRUCT(a VARCHAR, b INTEGER)", `{"b":"2","c":9}`, { a: null, b: 2 }],
  ["STRUCT(a VARCHAR, b INTEGER)", `{}`, { a: null, b: null }],
  ["STRUCT(a VARCHAR, b INTEGER)", `{"b":"x"}`, wrong],
  ["STRUCT(a VARCHAR, b INTEGER)", `[]`, wrong],
  ["STRUCT(a VARCHAR, b INTEGER)", `7`, wrong],
  ["STRUCT(a STRUCT(b DATE, c VARCHAR[]))", `{"a":{"b":"2026-01-01","c":["x"]}}`, { a: { b: "2026-01-01", c: ["x"] } }],
  ["STRUCT(a STRUCT(b DATE, c VARCHAR[]))", `{"a":{"c":{}}}`, wrong],
  ["STRUCT(a STRUCT(b DATE))", `{"a":null}`, { a: null }],
  ["STRUCT(a STRUCT(b DATE))", `{"a":5}`, wrong],
  [`STRUCT("x "" y" INTEGER, "it's" VARCHAR)`, `{"x \\" y":1,"it's":"z"}`, { 'x " y': 1, "it's": "z" }],
  ["STRUCT(n INTEGER)[]", `[{"n":1},null,{}]`, [{ n: 1 }, null, { n: null }]],
  ["STRUCT(n INTEGER)[]", `[{"n":1},{"n":"q"}]`, wrong],
  ["STRUCT(n INTEGER)[]", `[{"n":1},5]`, wrong],
  ["STRUCT(l STRUCT(t TIMESTAMP)[])[]", `[{"l":[{"t":"2026-01-01T10:00:00+02:00"}]}]`, [{ l: [{ t: "2026-01-01 08:00:00" }] }]],
  ["STRUCT(l STRUCT(t TIMESTAMP)[])[]", `[{"l":[{"t":"x"}]}]`, wrong],
  ["STRUCT(l STRUCT(t TIMESTAMP)[])[]", `[{"l":5}]`, wrong],
  [
    "MAP(VARCHAR, INTEGER)",
    `{"a":1,"b":null}`,
    [
      { key: "a", value: 1 },
      { key: "b", value: null },
    ],
  ],
  ["MAP(VARCHAR, INTEGER)", `{"a":"x"}`, wrong],
  ["MAP(VARCHAR, INTEGER)", `{"a":1,"a":2}`, wrong],
  ["MAP(VARCHAR, INTEGER)", `[]`, wrong],
  ["MAP(VARCHAR, STRUCT(n INTEGER))", `{"a":{"n":"1"}}`, [{ key: "a", value: { n: 1 } }]],
  ["MAP(VARCHAR, STRUCT(n INTEGER))", `{"a":3}`, wrong],
  ["STRUCT(b BLOB)[]", `[{"b":"AAH/"}]`, [{ b: "\\x00\\x01\\xFF" }]],
  ["STRUCT(b BLOB)[]", `[{"b":"AAH"}]`, wrong],
];

const types = [...new Set(table.map(([type]) => type))];

test.each(types)("%s takes what fits and rejects the record otherwise", async (type) => {
  await using transform = await open({ columns: { i: "INTEGER", value: type } });
  const cases = table.filter(([caseType]) => caseType === type);
  // Each value stands among good neighbours, so that one wrong value cannot hide or spoil another.
  const { rows, rejects } = await transform.run(cases.flatMap(([, json], i) => [`"i":${i},"value":${json}`, `"i":${-1 - i}`]));
  const outcome = cases.map(([, json], i) => {
    const row = rows.find(([index]) => index === i);
    const reject = rejects.find(({ ordinal }) => ordinal === 2 * i);
    if ((row === undefined) === (reject === undefined)) return [json, "lost or doubled"];
    return [json, row === undefined ? wrong : row[1]];
  });
  expect(outcome).toEqual(cases.map(([, json, expected]) => [json, expected]));
  expect(rows.filter(([index]) => Number(index) < 0)).toHaveLength(cases.length);
});

test.each(["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"])(
  "a time zone's name rejects its record and leaves the %s of the others alone",
  async (type) => {
    const texts = [
      "2026-07-01 10:00:00",
      "2026-07-01 10:00:00 America/New_York",
      "2026-07-01T10:00:00 EST",
      "2026-07-01 10:00:00",
    ];
    const list = `STRUCT(t ${type})[]`;
    await using transform = await open({
      columns: { one: type, list, text: "VARCHAR" },
      sql: "SELECT one, list[1].t AS first, text FROM source",
      target: ["one", "first", "text"].map((name) => ({ name, type, nullable: true })),
    });
    const { rows, rejects } = await transform.run([
      ...texts.map((text) => `"one":"${text}"`),
      ...texts.map((text) => `"list":[{"t":"${text}"}]`),
      ...texts.map((text) => `"text":"${text}"`),
    ]);
    const at = type.includes("ZONE") ? "2026-07-01 10:00:00+00" : "2026-07-01 10:00:00";
    expect(rows).toEqual([
      [at, null, null],
      [at, null, null],
      [null, at, null],
      [null, at, null],
      [null, null, at],
      [null, null, at],
    ]);
    expect(rejects.map(({ ordinal }) => ordinal)).toEqual([1, 2, 5, 6, 9, 10]);
    for (const { error } of rejects) expect(error).toContain("a time zone as an offset such as +02:00");
  },
);

test("bytes that are no base64 are told what they should be", async () => {
  await using transform = await open({ columns: { b: "BLOB" } });
  expect((await transform.run([`"b":"!"`])).rejects).toEqual([
    { ordinal: 0, error: "b: a string does not fit BLOB: bytes are written in base64" },
  ]);
});

test("a text on its way to a JSON column has to be JSON, and a JSON value to another stands for its text", async () => {
  await using transform = await open({
    columns: { v: "VARCHAR", at: "JSON", n: "JSON" },
    target: [
      { name: "v", type: "JSON", nullable: true },
      { name: "at", type: "TIMESTAMP", nullable: true },
      { name: "n", type: "INTEGER", nullable: true },
    ],
  });
  const { rows, rejects } = await transform.run([
    `"v":"not json"`,
    `"v":"{\\"a\\":1}","at":"2026-01-01T10:00:00+02:00","n":5`,
    `"n":{}`,
    `"n":"6"`,
  ]);
  expect(rows).toEqual([
    [`{"a":1}`, "2026-01-01 08:00:00", 5],
    [null, null, 6],
  ]);
  expect(rejects).toEqual([
    { ordinal: 0, error: "v: a text is not valid JSON" },
    { ordinal: 2, error: "n: a text does not fit INTEGER" },
  ]);
});

test("a timestamp on its way to a column of whole seconds is cut", async () => {
  await using transform = await open({
    columns: { at: "TIMESTAMP" },
    target: [{ name: "at", type: "TIMESTAMP_S", nullable: true }],
  });
  expect((await transform.run([`"at":"2026-01-01 10:00:00.9"`])).rows).toEqual([["2026-01-01 10:00:00"]]);
});

test("a member that is missing is NULL in every type", async () => {
  await using transform = await open({ columns: Object.fromEntries(types.map((type, index) => [`c${index}`, type])) });
  const { rows, rejects } = await transform.run(["", `"other":1`]);
  expect(rejects).toEqual([]);
  expect(rows).toEqual([types.map(() => null), types.map(() => null)]);
});

test("integers and decimals agree with a reference over random texts", async () => {
  const random = randomNumbers(seedOf("values"));
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(random() * 10)).join("");
  const values = Array.from({ length: 4000 }, () => {
    const sign = random() < 0.3 ? "-" : "";
    const fraction = random() < 0.5 ? `.${digits(1 + Math.floor(random() * 5))}` : "";
    return `${sign}${1 + Math.floor(random() * 9)}${digits(Math.floor(random() * 11))}${fraction}`;
  });
  await using transform = await open({ columns: { i: "INTEGER", n: "INTEGER", d: "DECIMAL(9,2)" } });
  const { rows, rejects } = await transform.run(
    values.flatMap((value, i) => [`"i":${i},"n":"${value}"`, `"i":${i},"d":"${value}"`]),
  );
  const refused = new Set(rejects.map(({ ordinal }) => ordinal));
  const byOrdinal = new Map(rows.map((row) => [2 * Number(row[0]) + (row[1] === null ? 1 : 0), row]));
  values.forEach((value, i) => {
    const [n, d] = [integer(value), decimal(value)];
    expect([value, refused.has(2 * i) ? null : byOrdinal.get(2 * i)?.[1]]).toEqual([value, n]);
    expect([value, refused.has(2 * i + 1) ? null : byOrdinal.get(2 * i + 1)?.[2]]).toEqual([value, d]);
  });
});

function integer(text: string): number | null {
  const value = Number(text);
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : null;
}

/** DECIMAL(9,2), half away from zero. */
function decimal(text: string): string | null {
  const [whole, fraction = ""] = text.replace("-", "").split(".") as [string, string?];
  const cents = BigInt(`${whole}${fraction.padEnd(3, "0").slice(0, 2)}`) + (Number(fraction.padEnd(3, "0")[2]) >= 5 ? 1n : 0n);
  if (cents >= 10n ** 9n) return null;
  const shown = cents.toString().padStart(3, "0");
  return `${text.startsWith("-") && cents > 0n ? "-" : ""}${shown.slice(0, -2)}.${shown.slice(-2)}`;
}
