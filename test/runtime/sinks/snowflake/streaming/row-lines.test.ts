import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RowLines } from "../../../../../runtime/sinks/snowflake/streaming/row-lines.ts";
import type { StoredColumn } from "../../../../../runtime/sinks/snowflake/table-plan.ts";
import { openRowsMaker, originValues, type RowsMaker } from "../../rows-file.ts";

let directory: string;
let maker: RowsMaker;
let lines: RowLines;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-row-lines-"));
  maker = await openRowsMaker(directory);
  lines = await RowLines.open(directory);
});
afterEach(async () => {
  lines.close();
  maker[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

const text = (buffer: Buffer | undefined): readonly string[] =>
  buffer === undefined ? [] : zstdDecompressSync(buffer).toString().trimEnd().split("\n");
const idText = new Map<string, StoredColumn>([
  ["id", { name: "ID", type: { kind: "NUMBER", precision: 19, scale: 0 } }],
  ["text", { name: 'Odd "name"', type: { kind: "VARCHAR", length: 100 } }],
]);
const columns = [
  { name: "id", type: "BIGINT" },
  { name: "text", type: "VARCHAR" },
] as const;

test("each split's rows are lines of JSON with the table's names, and nothing is left in the scratch directory", async () => {
  const given = [
    { id: 1, text: `a"b\\c\u0001\n\u2028` },
    { id: 9_007_199_254_740_991, text: null },
    { id: 3, text: "c" },
  ];
  const rows = await maker.originRows(originValues(given, [4, 0, 4]), columns);
  const made = await lines.make(rows, idText);
  expect([...made.keys()].toSorted((a, b) => a - b)).toEqual([0, 4]);
  expect(text(made.get(4)).map((line) => JSON.parse(line) as unknown)).toEqual([
    { ID: 1, 'Odd "name"': given[0]!.text },
    { ID: 3, 'Odd "name"': "c" },
  ]);
  expect(text(made.get(0))).toEqual(['{"ID":9007199254740991,"Odd \\"name\\"":null}']);
  expect((await readdir(directory)).filter((name) => name.startsWith("lines-"))).toEqual([]);
});

test("every value is written so that Snowflake reads it back without a loss", async () => {
  const made = await lines.make(
    await maker.originRows(
      `SELECT 12345678901234567890123456789012345.678::DECIMAL(38,3) AS n, 'nan'::DOUBLE AS f, '-inf'::DOUBLE AS g, 0.1::DOUBLE AS h,
       '\\x00\\xFF'::BLOB AS b, TIMESTAMPTZ '2026-01-02 03:04:05.678901+02' AS z, TIMESTAMP '2026-01-02 03:04:05.6' AS t, DATE '0001-01-01' AS d,
       true AS o, '{"a":[1,"x",null]}'::JSON AS v, NULL::JSON AS w, 0::INTEGER AS __snowline_split, 0::INTEGER AS __snowline_ordinal`,
      [
        { name: "n", type: "DECIMAL(38,3)" },
        ...["f", "g", "h"].map((name) => ({ name, type: "DOUBLE" })),
        { name: "b", type: "BLOB" },
        { name: "z", type: "TIMESTAMP WITH TIME ZONE" },
        { name: "t", type: "TIMESTAMP" },
        { name: "d", type: "DATE" },
        { name: "o", type: "BOOLEAN" },
        ...["v", "w"].map((name) => ({ name, type: "JSON" })),
      ],
    ),
    new Map<string, StoredColumn>([
      ["n", { name: "N", type: { kind: "NUMBER", precision: 38, scale: 3 } }],
      ...["f", "g", "h"].map((name): [string, StoredColumn] => [name, { name: name.toUpperCase(), type: { kind: "FLOAT" } }]),
      ["b", { name: "B", type: { kind: "BINARY", length: 10 } }],
      ["z", { name: "Z", type: { kind: "TIMESTAMP_TZ", scale: 6 } }],
      ["t", { name: "T", type: { kind: "TIMESTAMP_NTZ", scale: 6 } }],
      ["d", { name: "D", type: { kind: "DATE" } }],
      ["o", { name: "O", type: { kind: "BOOLEAN" } }],
      ...["v", "w"].map((name): [string, StoredColumn] => [name, { name: name.toUpperCase(), type: { kind: "VARIANT" } }]),
    ]),
  );
  expect(text(made.get(0))).toEqual([
    '{"N":"12345678901234567890123456789012345.678","F":"NaN","G":"-inf","H":0.1,"B":"00FF","Z":"2026-01-02 01:04:05.678901+00:00",' +
      '"T":"2026-01-02 03:04:05.6","D":"0001-01-01","O":true,"V":{"a":[1,"x",null]},"W":null}',
  ]);
});

test("records are found by the lines of their rows, each that has such a line", async () => {
  const given = [
    { id: 1, text: "a" },
    { id: 2, text: "b" },
    { id: 1, text: "a" },
    { id: 1, text: "a" },
  ];
  const rows = await maker.originRows(originValues(given, [0, 0, 0, 1]), columns);
  const line = text((await lines.make(rows, idText)).get(0))[0]!;
  expect(await lines.ordinals(rows, idText, { split: 0, lines: [line, "none"] })).toEqual(new Map([[line, [0, 2]]]));
});
