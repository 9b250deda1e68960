import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import { jsonFormat } from "../../../../runtime/formats/json.ts";
import { openFilesSource } from "../../../../runtime/sources/files/files-source.ts";
import { laptopContext } from "../../formats/laptop-context.ts";
import { readAll } from "./reading.ts";

const { signal } = new AbortController();

const everyType = `SELECT 12345678901234567.89::DECIMAL(19,2) AS d, 9223372036854775807 AS l, 0.1::DOUBLE AS f, 'nan'::DOUBLE AS n, '\\x00\\xFF'::BLOB AS b,
  'é"\n' AS t, NULL::INTEGER AS u, true AS o, DATE '2020-02-29' AS dt, TIMESTAMP '2020-01-01 10:00:00.123456' AS ts,
  TIMESTAMPTZ '2020-01-01 10:00:00+02' AS tz, TIME '10:00:00' AS tm, '{"x": [1, 2.50]}'::JSON AS j,
  {'d': 1.10::DECIMAL(38,20), 'b': 'x'::BLOB, 'in put': [{'z': 99999999999999999999::DECIMAL(38,0)}]} AS s,
  [[1.10::DECIMAL(4,2)], NULL] AS a, MAP {'k': 'y'::BLOB, 'n': NULL} AS m, NULL::STRUCT(q INTEGER) AS ns`;

describe("Parquet files", () => {
  let folder: string;
  let instance: DuckDBInstance;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "snowline-parquet-"));
    instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(`COPY (${everyType}) TO '${folder}/types.parquet'`);
    await connection.run(
      `COPY (SELECT i AS id, i * 1.5 AS "Amount" FROM range(10000) t(i)) TO '${folder}/many*[1].parquet' (ROW_GROUP_SIZE 3000)`,
    );
    connection.closeSync();
  });
  afterAll(async () => {
    instance.closeSync();
    await rm(folder, { recursive: true });
  });

  const opened = (name: string, ...columns: readonly string[]): Promise<Source> => {
    const format = { parquet: { columns: Object.fromEntries(columns.map((column) => [column, "VARCHAR"])) } };
    return openFilesSource({ paths: [name], format }, jsonFormat(), laptopContext({ folder }));
  };

  test("keep all the digits, and show bytes in base64 and instants in UTC", async () => {
    await using source = await opened("types.parquet", ..."d l f n b t u o dt ts tz tm j s a m ns".split(" "));
    const [line] = (await readAll(source)).lines;
    expect(line).toEqual({
      _i: 0,
      d: "12345678901234567.89",
      l: "9223372036854775807",
      f: "0.1",
      n: "nan",
      b: "AP8=",
      t: 'é"\n',
      u: null,
      o: "true",
      dt: "2020-02-29",
      ts: "2020-01-01 10:00:00.123456",
      tz: "2020-01-01 08:00:00+00",
      tm: "10:00:00",
      j: { x: [1, 2.5] },
      s: { d: "1.10000000000000000000", b: "eA==", "in put": [{ z: "99999999999999999999" }] },
      a: [["1.10"], null],
      m: { k: "eQ==", n: null },
      ns: null,
    });
  });

  test("are read row by row from where the warehouse stands, whatever characters their names have", async () => {
    const warehouse = new Map<string, Position>();
    const seen: unknown[] = [];
    for (const recordsMax of [1, 2047, 1, 3000, 999, 5000]) {
      await using source = await opened("many*[1].parquet", "id", "amount");
      const { lines } = await readAll(source, { warehouse, recordsMax, batchesMax: 1, meta: ["_offset"] });
      seen.push(...lines.map((line) => [line["_offset"], line["id"], line["amount"]]));
    }
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, row) => [row, String(row), (row * 1.5).toFixed(1)]));
    expect((await readdir(folder)).toSorted()).toEqual(["many*[1].parquet", "types.parquet"]);
  });

  test("show a refused row as JSON", async () => {
    const context = laptopContext({ folder });
    const refusing = { encode: () => "no" };
    await using source = await openFilesSource(
      { paths: ["many*[1].parquet"], format: { parquet: { columns: { id: "BIGINT" } } } },
      refusing,
      context,
    );
    for (const split of await source.splits(signal)) await source.open(split, null);
    const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: 3000 });
    await source.read(batch, signal);
    expect([0, 2047, 2048, 2999].map((ordinal) => batch.original(ordinal).value!.toString())).toEqual(
      ["0", "2047", "2048", "2999"].map((id) => `{"id":"${id}"}`),
    );
  });

  test("that lack a column or are none are named", async () => {
    await using lacking = await opened("types.parquet", "d", "missing");
    await expect(readAll(lacking)).rejects.toThrow(/^types\.parquet: lacks the columns missing; it has d, l, f, /);
    await writeFile(join(folder, "none.parquet"), "no Parquet at all");
    await using none = await opened("none.parquet", "d");
    await expect(readAll(none)).rejects.toThrow(/^none\.parquet: cannot be read as Parquet \(Invalid Input Error\)/);
    await rm(join(folder, "none.parquet"));
  });
});
