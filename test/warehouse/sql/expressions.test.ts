import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine, textBind } from "../statements/open-engine.ts";

let engine: Engine;
let session: EngineSession;
beforeAll(async () => {
  engine = await openEngine();
  session = await engine.session();
  await session.execute("CREATE TABLE docs (id NUMBER, v VARIANT, name VARCHAR(20), d DATE, b BINARY)");
  await session.execute(
    `INSERT INTO docs SELECT 1, PARSE_JSON('{"a":{"b":[1,"x",{"c d":true}]},"s":"q","n":5,"t":"2020-01-01T00:00:00Z","z":null}'), 'one', '2020-01-31', 'C0FFEE'`,
  );
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** Expressions, and what they answer as the wire has it. */
const expressions: readonly (readonly [expression: string, value: string | null])[] = [
  // Logic and NULL
  ["IFF(1 = 1, 'y', 'n')", "y"],
  ["NVL(NULL, 'x')", "x"],
  ["NVL2(NULL, 1, 2)", "2"],
  ["ZEROIFNULL(NULL)", "0"],
  ["EQUAL_NULL(NULL, NULL)", "1"],
  ["1 IS DISTINCT FROM NULL", "1"],
  ["DECODE(2, 1, 'a', 2, 'b', 'c')", "b"],
  ["GREATEST(1, NULL)", null],
  ["COALESCE(NULL, 3)", "3"],
  // Numbers
  ["1.50::NUMBER(10,1)", "1.5"],
  ["'12.345'::NUMBER(10,2)", "12.35"],
  ["7 % 3", "1"],
  ["DIV0(1, 0)", "0"],
  ["TO_NUMBER('12.3', 10, 1)", "12.3"],
  ["TRY_TO_NUMBER('x')", null],
  ["12345678901234567890123456789012345678::NUMBER(38,0)", "12345678901234567890123456789012345678"],
  ["'NaN'::FLOAT", "NaN"],
  // Texts
  ["'a' || 1", "a1"],
  ["1.0::FLOAT::VARCHAR", "1"],
  ["TRUE::VARCHAR", "true"],
  ["'2020-01-02 03:04:05.678'::TIMESTAMP_NTZ::VARCHAR", "2020-01-02 03:04:05.678"],
  ["'abcdef'::VARCHAR(3)", "abc"],
  ["'it''s \\'a\\' \\n\\\\'", "it's 'a' \n\\"],
  ["$$raw \\n 'text'$$", "raw \\n 'text'"],
  ["SPLIT_PART('a.b.c', '.', 2)", "b"],
  ["REGEXP_REPLACE('aXbX', 'X', '-')", "a-b-"],
  ["'abc' ILIKE 'A%'", "1"],
  ["'abc' LIKE ANY ('x%', 'a%')", "1"],
  ["'abc' LIKE ALL ('x%', 'a%')", "0"],
  ["INITCAP('hello wORLD')", "Hello World"],
  ["CONTAINS('abc', 'b')", "1"],
  ["STARTSWITH('abc', 'ab')", "1"],
  ["CHARINDEX('b', 'abc')", "2"],
  ["LENGTH('äöü')", "3"],
  ["SHA2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
  ["MD5('a')", "0cc175b9c0f1b6a831c399e269772661"],
  // Binary
  ["'c0ff'::BINARY", "C0FF"],
  ["TO_BINARY('ab', 'UTF-8')", "6162"],
  ["HEX_ENCODE('ab')", "6162"],
  ["BASE64_ENCODE('ab')", "YWI="],
  ["TO_VARCHAR('6162'::BINARY, 'UTF-8')", "ab"],
  // Times
  ["TO_TIMESTAMP_NTZ('2020-01-01T01:02:03')", "1577840523.000000000"],
  ["TO_TIMESTAMP_NTZ(1577836800)", "1577836800.000000000"],
  ["TO_TIMESTAMP_LTZ(1577836800123, 3)", "1577836800.123000000"],
  ["'2020-01-01 00:00:00.123456 +02:00'::TIMESTAMP_LTZ", "1577829600.123456000"],
  ["'2020-01-01 00:00:00.123456789'::TIMESTAMP_NTZ(9)", "1577836800.123456789"],
  ["'9999-12-31'::TIMESTAMP_NTZ", "253402214400.000000000"],
  ["TO_TIMESTAMP('2020/01/02 03:04', 'YYYY/MM/DD HH24:MI')", "1577934240.000000000"],
  ["DATEADD(DAY, 1, '2020-01-31'::DATE)", "18293"],
  ["DATEADD('hour', -1, '2020-01-01'::TIMESTAMP)", "1577833200.000000000"],
  ["DATEDIFF(MINUTE, '2020-01-01 00:00:59', '2020-01-01 00:01:01')", "1"],
  ["TO_CHAR('2020-01-31'::DATE, 'DD.MM.YYYY')", "31.01.2020"],
  ["EXTRACT(EPOCH_SECOND FROM '2020-01-01'::TIMESTAMP_NTZ)", "1577836800"],
  ["EXTRACT(yy FROM '2020-01-01'::TIMESTAMP_NTZ)", "2020"],
  ["EXTRACT(YEAR FROM '2020-01-01'::TIMESTAMP_NTZ)", "2020"],
  ["DATE_PART(EPOCH_MILLISECOND, '2020-01-01'::TIMESTAMP_NTZ)", "1577836800000"],
  ["TO_TIME('01:02:03.5')", "3723.500000000"],
  ["DAYOFWEEK('2020-02-02'::DATE)", "0"],
  ["TRY_TO_DATE('x')", null],
  // Variants
  ["PARSE_JSON('{\"a\":[1,2]}'):a[1]", "2"],
  ["TRY_PARSE_JSON('{')", null],
  ["PARSE_JSON('')", null],
  ["OBJECT_CONSTRUCT('a', 1, 'b', NULL, 'c', 'x')", '{"a":1,"c":"x"}'],
  ["ARRAY_CONSTRUCT(1, 'a', NULL)", '[1,"a",null]'],
  ["TO_VARIANT(1.50)", "1.5"],
  ["TO_VARIANT('text')", '"text"'],
  ["TO_VARIANT(12345678901234567890123456789)", "12345678901234567890123456789"],
  ["OBJECT_INSERT(OBJECT_CONSTRUCT('a', 1), 'b', 'x')", '{"a":1,"b":"x"}'],
  ["OBJECT_DELETE(OBJECT_CONSTRUCT('a', 1, 'b', 2), 'a')", '{"b":2}'],
  ["ARRAY_CAT(ARRAY_CONSTRUCT(1), ARRAY_CONSTRUCT('a'))", '[1,"a"]'],
  ["ARRAY_APPEND(ARRAY_CONSTRUCT(1), 'a')", '[1,"a"]'],
  ["ARRAY_SIZE(PARSE_JSON('[1,2,3]'))", "3"],
  ["TYPEOF(PARSE_JSON('1.5'))", "DECIMAL"],
];

describe("an expression answers what Snowflake does", () => {
  test.for(expressions)("%s", async ([expression, value]) => {
    expect(await session.rows(`SELECT ${expression}`)).toEqual([[value]]);
  });
});

/** Expressions over the row of `docs`. */
const paths: readonly (readonly [expression: string, value: string | null])[] = [
  ["v:a.b[1]", '"x"'],
  ["v:a.b[1]::VARCHAR", "x"],
  ["v:a.b[0]::NUMBER", "1"],
  ["v:a['b'][2]:\"c d\"::BOOLEAN", "1"],
  ["v['s']", '"q"'],
  ["v['a']:b[0]::NUMBER", "1"],
  ["v['a']['b'][2]:\"c d\"::BOOLEAN", "1"],
  ["GET(v, 's')::VARCHAR", "q"],
  ["GET_PATH(v, 'a.b[0]')::INT", "1"],
  ["v:n + 1", "6"],
  ["v:n = 5", "1"],
  ["v:s = 'q'", "1"],
  ["v:s || '!'", "q!"],
  ["UPPER(v:s)", "Q"],
  ["v:s IN ('p', 'q')", "1"],
  ["v:t::TIMESTAMP_NTZ", "1577836800.000000000"],
  ["v:missing", null],
  ["v:z::VARCHAR", null],
  ["IS_NULL_VALUE(v:z)", "1"],
  ["b::VARCHAR", "C0FFEE"],
  ["d + 1", "18293"],
  ["DATE_TRUNC('month', d)", "18262"],
];

describe("a path into a variant answers what Snowflake does", () => {
  test.for(paths)("%s", async ([expression, value]) => {
    expect(await session.rows(`SELECT ${expression} FROM docs`)).toEqual([[value]]);
  });
});

test("columns without a name are called by their text, others as they are stored", async () => {
  const { columns } = await session.execute(
    "SELECT COUNT(*), id, name AS \"Name\", id + 1, max(id) OVER (ORDER BY id), 'x' FROM docs GROUP BY id, name",
  );
  expect(columns.map(({ name }) => name)).toEqual(["COUNT(*)", "ID", "Name", "ID + 1", "MAX(ID) OVER (ORDER BY ID)", "'X'"]);
});

test("results have the types of the table's columns", async () => {
  const { columns } = await session.execute("SELECT id, v, name AS n, d, b, name || 'x' FROM docs", { describeOnly: true });
  expect(columns.map(({ type }) => type)).toEqual([
    { kind: "NUMBER", precision: 38, scale: 0 },
    { kind: "VARIANT" },
    { kind: "VARCHAR", length: 20 },
    { kind: "DATE" },
    { kind: "BINARY", length: 8_388_608 },
    { kind: "VARCHAR", length: 16_777_216 },
  ]);
});

describe("relations", () => {
  test.for([
    ["SELECT value FROM TABLE(FLATTEN(PARSE_JSON('[3,1,2]')))", [["3"], ["1"], ["2"]]],
    [
      "SELECT f.key, f.index, f.value FROM docs, LATERAL FLATTEN(INPUT => docs.v:a.b) f ORDER BY f.index",
      [
        [null, "0", "1"],
        [null, "1", '"x"'],
        [null, "2", '{"c d":true}'],
      ],
    ],
    ["SELECT f.value FROM docs, LATERAL FLATTEN(INPUT => v:none, OUTER => TRUE) f", [[null]]],
    ["SELECT path FROM TABLE(FLATTEN(INPUT => PARSE_JSON('{\"a\":[1]}'), RECURSIVE => TRUE))", [["a"], ["a[0]"]]],
    ["SELECT this FROM TABLE(FLATTEN(PARSE_JSON('[1]')))", [["[1]"]]],
    ["SELECT COLUMN1, COLUMN2 FROM VALUES (1, 'x')", [["1", "x"]]],
    ["SELECT $2 FROM VALUES (1, 'x')", [["x"]]],
    ["SELECT a FROM (VALUES (1), (2)) AS t(a) ORDER BY a DESC", [["2"], ["1"]]],
    ["SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 7))", [["7"]]],
    ["WITH q AS (SELECT 1 AS docs) SELECT docs FROM q", [["1"]]],
    ["SELECT name FROM docs QUALIFY ROW_NUMBER() OVER (PARTITION BY name ORDER BY id) = 1", [["one"]]],
    ["SELECT LISTAGG(column1, ',') WITHIN GROUP (ORDER BY column1 DESC) FROM VALUES (1), (2)", [["2,1"]]],
    ["SELECT ARRAY_AGG(column1) WITHIN GROUP (ORDER BY column1) FROM VALUES (2), (1), (NULL)", [["[1,2]"]]],
    ["SELECT id FROM db.public.docs UNION ALL SELECT 2 ORDER BY 1", [["1"], ["2"]]],
    ["SELECT * EXCLUDE (v, d, b) FROM docs", [["1", "one"]]],
    ["SELECT id FROM IDENTIFIER('db.public.docs')", [["1"]]],
  ] as const)("%s", async ([sql, rows]) => {
    expect(await session.rows(sql)).toEqual(rows);
  });
});

describe("binds", () => {
  test("each type of the wire is its value", async () => {
    const rows = await session.rows(
      "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?",
      { type: "FIXED", value: "-5" },
      textBind("it's \\n"),
      { type: "REAL", value: "1.5" },
      { type: "BOOLEAN", value: "true" },
      { type: "DATE", value: "1577836800000" },
      { type: "TIME", value: "3723000000000" },
      { type: "TIMESTAMP_NTZ", value: "1577836800123456789" },
      { type: "TIMESTAMP_LTZ", value: "1577836800123000000" },
      textBind(null),
    );
    expect(rows).toEqual([
      ["-5", "it's \\n", "1.5", "1", "18262", "3723.000000000", "1577836800.123456789", "1577836800.123000000", null],
    ]);
  });

  test("they are counted where they stand, also by number", async () => {
    expect(await session.rows("WITH q AS (SELECT ? AS a) SELECT a, ? FROM q", textBind("x"), textBind("y"))).toEqual([
      ["x", "y"],
    ]);
    expect(await session.rows("SELECT :2, :1", textBind("x"), textBind("y"))).toEqual([["y", "x"]]);
  });

  test("one that is missing is told", async () => {
    expect(await session.failure("SELECT ?")).toMatchObject({ code: "002049" });
  });
});

describe("errors", () => {
  test.for([
    ["selec 1", "001003", "42000"],
    ["SELECT 1 FROM", "001003", "42000"],
    ["SELECT nope FROM docs", "000904", "42000"],
    ["SELECT x.id FROM docs", "000904", "42000"],
    ["SELECT * FROM nope", "002003", "42S02"],
    ["SELECT FOO(1)", "002140", "42601"],
    ["SELECT 1 / 0", "100051", "22012"],
    ["SELECT 'abc'::NUMBER", "100038", "22018"],
    ["SELECT 1000::NUMBER(2,0)", "100046", "22003"],
    ["SELECT 'x'::TIMESTAMP", "100035", "22007"],
    ["SELECT 'x'::DATE", "100040", "22007"],
    ["SELECT 'maybe'::BOOLEAN", "100037", "22018"],
    ["SELECT PARSE_JSON('{')", "100069", "22P02"],
    ["SELECT TO_BINARY('zz')", "100115", "22000"],
    ["SELECT * FROM docs AT (OFFSET => -60)", "000002", "0A000"],
    ["SELECT d1.id FROM docs d1, docs d2 WHERE id = 1", "002028", "42601"],
  ] as const)("%s fails with %s", async ([sql, code, sqlState]) => {
    expect(await session.failure(sql)).toMatchObject({ code, sqlState });
  });

  test("an unknown column is named as it is stored", async () => {
    expect((await session.failure("SELECT nope FROM docs")).message).toContain("invalid identifier 'NOPE'");
  });
});

test("a cast is the type that it names", async () => {
  const { columns } = await session.execute(
    "SELECT '2020-01-01'::TIMESTAMP_TZ(3), 'x'::VARCHAR(5) AS n, '1'::NUMBER(10,2), TO_VARIANT(1)::OBJECT",
  );
  expect(columns.map(({ type }) => type)).toEqual([
    { kind: "TIMESTAMP_TZ", scale: 3 },
    { kind: "VARCHAR", length: 5 },
    { kind: "NUMBER", precision: 10, scale: 2 },
    { kind: "OBJECT" },
  ]);
});
