import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loader, openLoader } from "./open-loader.ts";

let loader: Loader;
beforeAll(async () => {
  loader = await openLoader();
});
afterAll(async () => {
  await loader[Symbol.asyncDispose]();
});

const csv = "FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"')";
const parquet = "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE)";

/** A table, made anew. */
async function table(name: string, columns: string): Promise<void> {
  await loader.query(`CREATE OR REPLACE TABLE ${name} (${columns})`);
}

describe("CSV", () => {
  test("reads quoted fields, empty fields as NULL and quoted empty ones as texts", async () => {
    await table("C1", "A NUMBER(5,0), B VARCHAR, C VARCHAR");
    await loader.put("c1/a.csv", '1,"x, ""y""",\n2,"",z\n3,"two\nlines",w\n');
    const [report] = await loader.query(`COPY INTO C1 FROM @S/c1/ ${csv}`);
    expect(report).toEqual({
      file: "c1/a.csv",
      status: "LOADED",
      rows_parsed: "3",
      rows_loaded: "3",
      error_limit: "1",
      errors_seen: "0",
      first_error: "NULL",
      first_error_line: "NULL",
      first_error_character: "NULL",
      first_error_column_name: "NULL",
    });
    expect(await loader.rows("SELECT * FROM C1 ORDER BY A")).toEqual([
      ["1", 'x, "y"', null],
      ["2", "", "z"],
      ["3", "two\nlines", "w"],
    ]);
  });

  test("takes gzip and zstd by their first bytes, NULL_IF, SKIP_HEADER and another delimiter", async () => {
    await table("C2", "A NUMBER, B VARCHAR");
    await loader.put("c2/a.gz", gzipSync("a|b\n1|none\n"));
    await loader.put("c2/b", zstdCompressSync("a|b\n2|two\n"));
    await loader.query(
      "COPY INTO C2 FROM @S/c2/ FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = '|' SKIP_HEADER = 1 NULL_IF = ('none'))",
    );
    expect(await loader.rows("SELECT * FROM C2 ORDER BY A")).toEqual([
      ["1", null],
      ["2", "two"],
    ]);
  });

  test("without quotes a backslash escapes, and \\N is NULL", async () => {
    await table("C3", "A VARCHAR, B VARCHAR");
    await loader.put("c3/a.csv", "\\N,a\\tb\\\\c\n");
    await loader.query("COPY INTO C3 FROM @S/c3/ FILE_FORMAT = (TYPE = CSV)");
    expect(await loader.rows("SELECT * FROM C3")).toEqual([[null, "a\tb\\c"]]);
  });

  test("reads dates, times, booleans, bytes and JSON by their formats", async () => {
    await table("C4", "D DATE, T TIMESTAMP_NTZ, Z TIMESTAMP_TZ, B BOOLEAN, X BINARY, V VARIANT, E TIMESTAMP_NTZ");
    await loader.put(
      "c4/a.csv",
      '2024-02-29,2024-05-06 07:08:09.123456,2024-05-06 07:08:09 +0200,yes,00FF,"{""a"": [1]}",1700000000\n',
    );
    await loader.query(`COPY INTO C4 FROM @S/c4/ ${csv}`);
    const shown = `SELECT TO_VARCHAR(D), T::VARCHAR, (Z = '2024-05-06 05:08:09 +00:00'::TIMESTAMP_TZ)::VARCHAR, B::VARCHAR, X::VARCHAR, V:a[0]::VARCHAR, E::VARCHAR FROM C4`;
    const [row] = await loader.rows(shown);
    expect(row?.[0]).toBe("2024-02-29");
    expect(row?.[1]).toContain("07:08:09.123");
    expect(row?.[2]).toBe("true");
    expect(row?.slice(3, 6)).toEqual(["true", "00FF", "1"]);
    expect(row?.[6]).toContain("2023-11-14 22:13:20");
  });

  test.for([
    ["DATE", "DATE_FORMAT = 'DD.MM.YYYY'", "29.02.2024", "2024-02-29"],
    ["DATE", "DATE_FORMAT = 'DD-MON-YY'", "29-Feb-24", "2024-02-29"],
    ["TIMESTAMP_NTZ", "TIMESTAMP_FORMAT = 'DD/MM/YYYY HH24:MI:SS.FF3'", "29/02/2024 23:59:58.123", "2024-02-29 23:59:58.123"],
    ["TIME", "TIME_FORMAT = 'HH12:MI AM'", "11:30 PM", "23:30:00"],
    ["BINARY", "BINARY_FORMAT = BASE64", "AP8=", "00FF"],
    ["BINARY", "BINARY_FORMAT = UTF8", "AZ", "415A"],
  ] as const)("reads a %s by %s", async ([type, option, text, shown]) => {
    await table("C6", `A ${type}`);
    await loader.put("c6/a.csv", `${text}\n`);
    await loader.query(`COPY INTO C6 FROM @S/c6/ FILE_FORMAT = (TYPE = CSV ${option}) FORCE = TRUE`);
    expect((await loader.rows("SELECT A::VARCHAR FROM C6"))[0]?.[0]).toContain(shown);
  });

  test("what is no UTF-8 is an error, whose message tells nothing of the server's disk", async () => {
    await table("C7", "A VARCHAR");
    await loader.put("c7/a.csv", Buffer.from([0x61, 0xff, 0xfe, 0x0a]));
    const { code, message } = await loader.failure("COPY INTO C7 FROM @S/c7/");
    expect(code).toBe("100016");
    expect(message).not.toContain(".held");
  });

  test("MATCH_BY_COLUMN_NAME reads the header", async () => {
    await table("C5", "A NUMBER, B VARCHAR, C VARCHAR");
    await loader.put("c5/a.csv", "b,A\nx,1\n");
    await loader.query(
      "COPY INTO C5 FROM @S/c5/ FILE_FORMAT = (TYPE = CSV PARSE_HEADER = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE",
    );
    expect(await loader.rows("SELECT * FROM C5")).toEqual([["1", "x", null]]);
  });
});

describe("ON_ERROR", () => {
  const broken = "1,a\nx,b\n3,\n999999,d\n5,toolong\n6,f,more\n7,g\n";
  const errors: readonly (readonly [line: string, code: string, message: string])[] = [
    ["x,b", "100038", "Numeric value 'x' is not recognized"],
    ["3,", "100072", "NULL result in a non-nullable column"],
    ["999999,d", "100132", "Number out of representable range: type FIXED(5,0), value 999999"],
    ["5,toolong", "100078", "User character length limit (3) exceeded by string 'toolong'"],
    ["6,f,more", "100080", "Number of columns in file (3) does not match that of the corresponding table (2)"],
  ];
  beforeAll(async () => {
    await loader.put("e/a.csv", broken);
    await loader.put("e/b.csv", "8,h\n");
  });

  test.for(errors)("ABORT_STATEMENT stops at %s with %s and loads nothing", async ([line, code, message]) => {
    await table("E1", "A NUMBER(5,0), B VARCHAR(3) NOT NULL");
    await loader.put("e1/a.csv", `1,a\n${line}\n`);
    const error = await loader.failure("COPY INTO E1 FROM @S/e1/");
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain("File 'e1/a.csv', line 2");
    expect(await loader.rows("SELECT COUNT(*) FROM E1")).toEqual([["0"]]);
  });

  test("CONTINUE loads the rows that fit and says what was wrong first", async () => {
    await table("E2", "A NUMBER(5,0), B VARCHAR(3) NOT NULL");
    const [report] = await loader.query("COPY INTO E2 FROM @S/e/ FILES = ('a.csv') ON_ERROR = CONTINUE");
    expect(report).toMatchObject({
      status: "PARTIALLY_LOADED",
      rows_parsed: "7",
      rows_loaded: "2",
      errors_seen: "5",
      first_error: "Numeric value 'x' is not recognized",
      first_error_line: "2",
      first_error_column_name: '"E2"["A":1]',
    });
    expect(await loader.rows("SELECT A FROM E2 ORDER BY A")).toEqual([["1"], ["7"]]);
  });

  test.for([
    ["SKIP_FILE", "0"],
    ["SKIP_FILE_5", "0"],
    ["SKIP_FILE_6", "2"],
    ["'SKIP_FILE_71%'", "0"],
    ["'SKIP_FILE_72%'", "2"],
  ])("%s loads %s rows of the file with five errors, and all of the other", async ([onError, rows]) => {
    await table("E3", "A NUMBER(5,0), B VARCHAR(3) NOT NULL");
    const reports = await loader.query(`COPY INTO E3 FROM @S/e/ ON_ERROR = ${onError}`);
    expect(reports.map((report) => [report["file"], report["rows_loaded"]])).toEqual([
      ["e/a.csv", rows],
      ["e/b.csv", "1"],
    ]);
    expect(await loader.rows("SELECT COUNT(*) FROM E3")).toEqual([[String(Number(rows) + 1)]]);
  });

  test("TRUNCATECOLUMNS cuts what is too long", async () => {
    await table("E4", "A NUMBER, B VARCHAR(3)");
    await loader.put("e4/a.csv", "5,toolong\n");
    await loader.query("COPY INTO E4 FROM @S/e4/ TRUNCATECOLUMNS = TRUE");
    expect(await loader.rows("SELECT B FROM E4")).toEqual([["too"]]);
  });

  test("a transformation's own cast fails for its row only", async () => {
    await table("E5", "A NUMBER, B NUMBER");
    await loader.put("e5/a.json", '{"a":1,"b":"1"}\n{"a":2,"b":"x"}\n{"a":3}\n');
    const copy = "COPY INTO E5 FROM (SELECT $1:a::NUMBER, $1:b::NUMBER FROM @S/e5/) FILE_FORMAT = (TYPE = JSON)";
    expect((await loader.failure(copy)).message).toContain("line 2");
    const [report] = await loader.query(`${copy} ON_ERROR = CONTINUE`);
    expect(report).toMatchObject({ rows_parsed: "3", rows_loaded: "2", errors_seen: "1" });
    expect(await loader.rows("SELECT * FROM E5 ORDER BY A")).toEqual([
      ["1", "1"],
      ["3", null],
    ]);
  });

  test("a file that is no Parquet is one error", async () => {
    await table("E6", "A NUMBER");
    await loader.put("e6/a.parquet", "this is text and no Parquet");
    expect((await loader.failure(`COPY INTO E6 FROM @S/e6/ ${parquet} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`)).code).toBe(
      "100183",
    );
    const [report] = await loader.query(
      `COPY INTO E6 FROM @S/e6/ ${parquet} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = SKIP_FILE`,
    );
    expect(report?.["status"]).toBe("LOAD_FAILED");
  });

  test("VALIDATION_MODE tells the errors and loads nothing", async () => {
    await table("E7", "A NUMBER(5,0), B VARCHAR(3) NOT NULL");
    const rows = await loader.query("COPY INTO E7 FROM @S/e/ VALIDATION_MODE = RETURN_ERRORS");
    expect(rows.map((row) => [row["FILE"], row["LINE"], row["CODE"]])).toEqual([["e/a.csv", "2", "100038"]]);
    expect(await loader.rows("SELECT COUNT(*) FROM E7")).toEqual([["0"]]);
  });
});

describe("JSON", () => {
  test.for([
    ["one document a line", '{"a":1,"B":"x"}\n{"a":2}\n', ""],
    ["documents of many lines", '{"a":1,\n"B":"x"}\n{"a":\n2}', ""],
    ["an outer array", '[{"a":1,"B":"x"},\n{"a":2}]', "STRIP_OUTER_ARRAY = TRUE"],
  ] as const)("reads %s", async ([, content, options]) => {
    await table("J1", "A NUMBER, B VARCHAR");
    await loader.put("j1/a.json", content);
    await loader.query(
      `COPY INTO J1 FROM @S/j1/ FILE_FORMAT = (TYPE = JSON ${options}) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE`,
    );
    expect(await loader.rows("SELECT * FROM J1 ORDER BY A")).toEqual([
      ["1", "x"],
      ["2", null],
    ]);
  });

  test("goes into one VARIANT as it is, and into more columns only by their names", async () => {
    await table("J2", "V VARIANT");
    await loader.put("j2/a.json", '{"n":12345678901234567890,"s":"1"}\n');
    await loader.query("COPY INTO J2 FROM @S/j2/ FILE_FORMAT = (TYPE = JSON)");
    expect(await loader.rows("SELECT V:n::VARCHAR, TYPEOF(V:s) FROM J2")).toEqual([["12345678901234567890", "VARCHAR"]]);
    await table("J3", "A NUMBER, B NUMBER");
    expect((await loader.failure("COPY INTO J3 FROM @S/j2/ FILE_FORMAT = (TYPE = JSON)")).message).toContain(
      "one and only one column",
    );
  });

  test("NULL_IF and STRIP_NULL_VALUES", async () => {
    await table("J5", "A VARCHAR, V VARIANT");
    await loader.put("j5/a.json", '{"a":"none","v":{"x":null,"y":1}}\n');
    const format = "FILE_FORMAT = (TYPE = JSON NULL_IF = ('none') STRIP_NULL_VALUES = TRUE)";
    await loader.query(`COPY INTO J5 FROM @S/j5/ ${format} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`);
    expect(await loader.rows("SELECT A, V:x::VARCHAR, ARRAY_SIZE(OBJECT_KEYS(V)) FROM J5")).toEqual([[null, null, "1"]]);
  });

  test("a line that is no document is an error of its own", async () => {
    await table("J4", "V VARIANT");
    await loader.put("j4/a.json", '{"a":1}\n{"a":\n{"a":3}\n');
    expect((await loader.failure("COPY INTO J4 FROM @S/j4/ FILE_FORMAT = (TYPE = JSON)")).code).toBe("100069");
    const [report] = await loader.query("COPY INTO J4 FROM @S/j4/ FILE_FORMAT = (TYPE = JSON) ON_ERROR = CONTINUE");
    expect(report).toMatchObject({ rows_parsed: "3", rows_loaded: "2", first_error_line: "2" });
  });
});

describe("Parquet", () => {
  const rows = `SELECT 1::BIGINT AS id, 'text' AS "Name", 12345678901234567890.123456789::DECIMAL(38,9) AS d,
    TIMESTAMPTZ '2026-01-01 00:00:00+02' AS z, TIMESTAMP '2026-01-01 00:00:00.123456' AS n, '\\x00\\xFF'::BLOB AS b,
    '{"k": 1}' AS j, {'x': [1, 2]} AS s, 'NaN'::DOUBLE AS f, DATE '1999-12-31' AS dt, true AS t`;
  const columns =
    "ID NUMBER, NAME VARCHAR, D NUMBER(38,9), Z TIMESTAMP_TZ, N TIMESTAMP_NTZ, B BINARY, J VARIANT, S VARIANT, F FLOAT, DT DATE, T BOOLEAN";
  const shown = `SELECT ID, NAME, D::VARCHAR, (Z = '2025-12-31 22:00:00 +00:00'::TIMESTAMP_TZ)::VARCHAR, N::VARCHAR, B::VARCHAR, TYPEOF(J), S:x[1]::VARCHAR, (F = 'NaN'::FLOAT)::VARCHAR, DT::VARCHAR, T::VARCHAR`;
  const values = ["1", "text", "12345678901234567890.123456789", "true"];

  beforeAll(async () => {
    await loader.putParquet("p/a.parquet", rows);
  });

  test("keeps values exactly by their names; a text in a VARIANT stays a text", async () => {
    await table("P1", `${columns}, MISSING VARCHAR`);
    await loader.query(`COPY INTO P1 FROM @S/p/ ${parquet} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`);
    const [row] = await loader.rows(`${shown}, MISSING FROM P1`);
    expect(row?.slice(0, 4)).toEqual(values);
    expect(row?.[4]).toContain("00:00:00.123");
    expect(row?.slice(5)).toEqual(["00FF", "VARCHAR", "2", "true", "1999-12-31", "true", null]);
  });

  test("CASE_SENSITIVE finds only names that are the same", async () => {
    await table("P2", 'ID NUMBER, "Name" VARCHAR');
    await loader.query(`COPY INTO P2 FROM @S/p/ ${parquet} MATCH_BY_COLUMN_NAME = CASE_SENSITIVE`);
    expect(await loader.rows('SELECT ID, "Name" FROM P2')).toEqual([[null, "text"]]);
  });

  test("a transformation casts each field, and PARSE_JSON parses", async () => {
    await table("P3", columns);
    await loader.query(`COPY INTO P3 (ID, NAME, D, Z, N, B, J, S, F, DT, T) FROM (SELECT $1:"id"::NUMBER(38,0), $1:"Name"::VARCHAR,
      $1:"d"::NUMBER(38,9), $1:"z"::TIMESTAMP_TZ, $1:"n"::TIMESTAMP_NTZ, $1:"b"::BINARY, PARSE_JSON($1:"j"::VARCHAR), $1:"s",
      $1:"f"::FLOAT, $1:"dt"::DATE, $1:"t"::BOOLEAN FROM @S/p/) FILES = ('a.parquet') ${parquet}`);
    const [row] = await loader.rows(`${shown} FROM P3`);
    expect(row?.slice(0, 4)).toEqual(values);
    expect(row?.slice(5)).toEqual(["00FF", "OBJECT", "2", "true", "1999-12-31", "true"]);
  });

  test("a cast that fails for a row is that row's error", async () => {
    await table("P6", "A NUMBER, D DATE");
    await loader.putParquet(
      "p6/a.parquet",
      "SELECT * FROM (VALUES ('1', '2024-01-01'), ('x', '2024-01-02'), ('3', 'never')) t(a, d)",
    );
    const copy = `COPY INTO P6 FROM (SELECT $1:a::NUMBER(5, 0), $1:d::DATE FROM @S/p6/) ${parquet}`;
    expect((await loader.failure(copy)).message).toContain("line 2");
    const [report] = await loader.query(`${copy} ON_ERROR = CONTINUE`);
    expect(report).toMatchObject({ rows_parsed: "3", rows_loaded: "1", errors_seen: "2" });
    expect(await loader.rows("SELECT A FROM P6")).toEqual([["1"]]);
  });

  test("without USE_LOGICAL_TYPE a point in time is only a number", async () => {
    await table("P4", "N TIMESTAMP_NTZ");
    const error = await loader.failure(
      "COPY INTO P4 FROM @S/p/ FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE",
    );
    expect(error.code).toBe("100035");
  });

  test("BINARY_AS_TEXT reads bytes as a text, which has to be hexadecimal for a BINARY", async () => {
    await table("P5", "B BINARY");
    await loader.putParquet("p5/a.parquet", "SELECT 'xyz'::BLOB AS b");
    const copy = "COPY INTO P5 FROM @S/p5/ MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FILE_FORMAT";
    expect((await loader.failure(`${copy} = (TYPE = PARQUET)`)).code).toBe("100115");
    await loader.query(`${copy} = (TYPE = PARQUET BINARY_AS_TEXT = FALSE)`);
    expect(await loader.rows("SELECT B::VARCHAR FROM P5")).toEqual([["78797A"]]);
  });
});

describe("files", () => {
  test("SIZE_LIMIT stops after the file that goes over it; RETURN_FAILED_ONLY tells of failures only", async () => {
    await table("F6", "A NUMBER");
    for (const [name, text] of [
      ["a", "1\n"],
      ["b", "2\n"],
      ["c", "x\n"],
    ] as const)
      await loader.put(`f6/${name}.csv`, text);
    expect(await loader.query("COPY INTO F6 FROM @S/f6/ SIZE_LIMIT = 3")).toHaveLength(2);
    expect(await loader.rows("SELECT * FROM F6 ORDER BY A")).toEqual([["1"], ["2"]]);
    const failed = await loader.query("COPY INTO F6 FROM @S/f6/ FORCE = TRUE ON_ERROR = SKIP_FILE RETURN_FAILED_ONLY = TRUE");
    expect(failed.map(({ file }) => file)).toEqual(["f6/c.csv"]);
  });

  test("FILES and PATTERN choose; a named one that is not there is an error", async () => {
    await table("F1", "A NUMBER");
    await loader.put("f/a.csv", "1\n");
    await loader.put("f/b.csv", "2\n");
    await loader.put("f/c.txt", "3\n");
    await loader.query("COPY INTO F1 FROM @S/f/ FILES = ('b.csv')");
    await loader.query("COPY INTO F1 FROM @S/f PATTERN = '.*[.]txt'");
    expect(await loader.rows("SELECT * FROM F1 ORDER BY 1")).toEqual([["2"], ["3"]]);
    expect((await loader.failure("COPY INTO F1 FROM @S/f/ FILES = ('none.csv')")).code).toBe("091016");
  });

  test("PURGE removes what was loaded, also in a transaction that goes on", async () => {
    await table("F2", "A NUMBER");
    await table("F3", "A NUMBER");
    await loader.put("f2/a.csv", "1\n");
    await loader.query("BEGIN");
    await loader.query("COPY INTO F2 FROM @S/f2/ PURGE = TRUE");
    expect(await loader.query("LIST @S/f2/")).toEqual([]);
    // Another session's commit makes the server run the transaction's works again, with a file that is no longer there.
    await loader.account.query("INSERT INTO F3 VALUES (7)");
    await loader.query("INSERT INTO F3 SELECT A FROM F2");
    await loader.query("COMMIT");
    expect(await loader.rows("SELECT * FROM F2")).toEqual([["1"]]);
    expect(await loader.rows("SELECT * FROM F3 ORDER BY 1")).toEqual([["1"], ["7"]]);
  });

  test("the metadata columns name the file and the row", async () => {
    await table("F4", "F VARCHAR, N NUMBER, A NUMBER");
    await loader.put("f4/a.csv", "10\n20\n");
    await loader.query("COPY INTO F4 FROM (SELECT METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, $1 FROM @S/f4/)");
    expect(await loader.rows("SELECT * FROM F4 ORDER BY N")).toEqual([
      ["f4/a.csv", "1", "10"],
      ["f4/a.csv", "2", "20"],
    ]);
  });

  test("a query reads a stage, a named format and a pattern", async () => {
    await loader.put("f5/a.csv", "1;x\n2;y\n");
    await loader.query("CREATE OR REPLACE FILE FORMAT SEMICOLON TYPE = CSV FIELD_DELIMITER = ';'");
    const sql = "SELECT $2, COUNT(*) OVER () FROM @S/f5/ (FILE_FORMAT => 'SEMICOLON', PATTERN => '.*csv') WHERE $1 = '2'";
    expect(await loader.rows(sql)).toEqual([["y", "1"]]);
  });
});

test("names and stages may come as bind variables, as write_pandas sends them", async () => {
  const { session } = loader;
  await loader.query("CREATE TABLE BOUND (A NUMBER)");
  await loader.put("bound/a.csv", "1\n");
  await session.query("COPY INTO IDENTIFIER(?) /* write_pandas */ (A) FROM (SELECT $1 FROM @S/bound/) FILES = (?)", [
    "BOUND",
    "a.csv",
  ]);
  expect(await loader.rows("SELECT * FROM BOUND")).toEqual([["1"]]);
});
