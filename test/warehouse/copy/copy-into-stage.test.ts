import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Loader, openLoader } from "./open-loader.ts";

let loader: Loader;
beforeAll(async () => {
  loader = await openLoader();
  await loader.query("CREATE TABLE T (A NUMBER, B VARCHAR)");
  await loader.query("INSERT INTO T VALUES (1, 'x,y'), (2, NULL)");
});
afterAll(async () => {
  await loader[Symbol.asyncDispose]();
});

async function fetched(path: string): Promise<Buffer> {
  await loader.query(`GET @S/${path} 'file://${loader.directory}/'`);
  return readFile(join(loader.directory, path.split("/").at(-1) ?? ""));
}

test("unloads CSV with a header, packed", async () => {
  const [report] = await loader.query(
    "COPY INTO @S/csv/ FROM T FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"' NULL_IF = ('nothing')) HEADER = TRUE",
  );
  expect(report?.["rows_unloaded"]).toBe("2");
  expect(gunzipSync(await fetched("csv/data_0_0_0.csv.gz")).toString()).toBe('A,B\n1,"x,y"\n2,nothing\n');
});

test("unloads one JSON document a row", async () => {
  await loader.query(
    "COPY INTO @S/json/x FROM (SELECT OBJECT_CONSTRUCT('a', A, 'b', B) FROM T ORDER BY A) FILE_FORMAT = (TYPE = JSON COMPRESSION = NONE)",
  );
  const lines = (await fetched("json/x_0_0_0.json")).toString().trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ a: 1, b: "x,y" }, { a: 2 }]);
});

test("what was unloaded as Parquet can be loaded again", async () => {
  await loader.query("COPY INTO @S/parquet/x.parquet FROM T FILE_FORMAT = (TYPE = PARQUET) SINGLE = TRUE");
  await loader.query("CREATE TABLE U (A NUMBER, B VARCHAR)");
  await loader.query("COPY INTO U FROM @S/parquet/ FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE");
  expect(await loader.rows("SELECT * FROM U ORDER BY A")).toEqual(await loader.rows("SELECT * FROM T ORDER BY A"));
});

test("files that are there are replaced only with OVERWRITE", async () => {
  await loader.query("COPY INTO @S/twice/ FROM T");
  expect((await loader.failure("COPY INTO @S/twice/ FROM T")).message).toContain("already existing");
  await loader.query("COPY INTO @S/twice/ FROM T OVERWRITE = TRUE");
  expect(await loader.query("LIST @S/twice/")).toHaveLength(1);
});

test("COPY FILES copies from stage to stage, by name", async () => {
  await loader.query("CREATE STAGE OTHER");
  await loader.put("from/a.csv", "1,x\n");
  await loader.put("from/b.csv", "2,y\n");
  expect(await loader.rows("COPY FILES INTO @OTHER/to/ FROM @S/from/ FILES = ('b.csv')")).toEqual([["to/b.csv"]]);
  expect((await loader.query("LIST @OTHER")).map(({ name }) => name)).toEqual(["other/to/b.csv"]);
  expect((await loader.failure("COPY FILES INTO @OTHER/ FROM @S/from/ FILES = ('c.csv')")).code).toBe("091016");
});

test("INFER_SCHEMA tells the columns of Parquet files", async () => {
  await loader.putParquet(
    "infer/a.parquet",
    `SELECT 1::BIGINT AS n, 'x' AS "Text", 1.5::DECIMAL(9,2) AS d, now() AS z, 1e0 AS f`,
  );
  await loader.query("CREATE FILE FORMAT PARQUETS TYPE = PARQUET");
  const sql =
    "SELECT COLUMN_NAME, TYPE, EXPRESSION FROM TABLE(INFER_SCHEMA(LOCATION => '@S/infer/', FILE_FORMAT => 'PARQUETS')) ORDER BY ORDER_ID";
  expect(await loader.rows(sql)).toEqual([
    ["n", "NUMBER(38, 0)", '$1:"n"::NUMBER(38, 0)'],
    ["Text", "TEXT", '$1:"Text"::TEXT'],
    ["d", "NUMBER(9, 2)", '$1:"d"::NUMBER(9, 2)'],
    ["z", "TIMESTAMP_LTZ", '$1:"z"::TIMESTAMP_LTZ'],
    ["f", "REAL", '$1:"f"::REAL'],
  ]);
});
