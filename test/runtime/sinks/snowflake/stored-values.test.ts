import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestAccount, type TestAccount } from "../../../snowflake/open-test-account.ts";
import { openPlace } from "./snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

const stamp = (expression: string): string => `TO_VARCHAR(${expression}, 'YYYY-MM-DD HH24:MI:SS.FF9')`;

/** DuckDB's type, the column that is made, how it is read, and values with what they have to be. */
const cases: readonly [type: string, column: string, read: string, values: readonly (readonly [sql: string, text: string])[]][] =
  [
    [
      "BOOLEAN",
      "BOOLEAN",
      "V::VARCHAR",
      [
        ["true", "true"],
        ["false", "false"],
      ],
    ],
    [
      "TINYINT",
      "NUMBER(3,0)",
      "V::VARCHAR",
      [
        ["-128", "-128"],
        ["127", "127"],
      ],
    ],
    ["UTINYINT", "NUMBER(3,0)", "V::VARCHAR", [["255", "255"]]],
    ["SMALLINT", "NUMBER(5,0)", "V::VARCHAR", [["-32768", "-32768"]]],
    ["USMALLINT", "NUMBER(5,0)", "V::VARCHAR", [["65535", "65535"]]],
    ["INTEGER", "NUMBER(10,0)", "V::VARCHAR", [["-2147483648", "-2147483648"]]],
    ["UINTEGER", "NUMBER(10,0)", "V::VARCHAR", [["4294967295", "4294967295"]]],
    [
      "BIGINT",
      "NUMBER(19,0)",
      "V::VARCHAR",
      [
        ["-9223372036854775808", "-9223372036854775808"],
        ["9223372036854775807", "9223372036854775807"],
      ],
    ],
    ["UBIGINT", "NUMBER(20,0)", "V::VARCHAR", [["18446744073709551615", "18446744073709551615"]]],
    [
      "HUGEINT",
      "NUMBER(38,0)",
      "V::VARCHAR",
      [["-99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"]],
    ],
    [
      "DECIMAL(38,37)",
      "NUMBER(38,37)",
      "V::VARCHAR",
      [["-9.9999999999999999999999999999999999999", "-9.9999999999999999999999999999999999999"]],
    ],
    [
      "DECIMAL(18,2)",
      "NUMBER(18,2)",
      "V::VARCHAR",
      [
        ["0.05", "0.05"],
        ["-1234567890123456.78", "-1234567890123456.78"],
      ],
    ],
    ["DECIMAL(4,2)", "NUMBER(4,2)", "V::VARCHAR", [["99.99", "99.99"]]],
    [
      "DOUBLE",
      "FLOAT",
      "UPPER(V::VARCHAR)",
      [
        ["'nan'", "NAN"],
        ["'inf'", "INF"],
        ["'-inf'", "-INF"],
        ["0.5", "0.5"],
      ],
    ],
    ["DOUBLE", "FLOAT", "(V = 1.7976931348623157e308)::VARCHAR", [["1.7976931348623157e308", "true"]]],
    ["FLOAT", "FLOAT", "V::VARCHAR", [["0.25", "0.25"]]],
    [
      "VARCHAR",
      "VARCHAR(16777216)",
      "V",
      [
        ["''", ""],
        ["'\u{1f9ca} é '' \\ \"x\" $1 null'", '\u{1f9ca} é \' \\ "x" $1 null'],
        ["chr(10) || chr(9) || 'a'", "\n\ta"],
        ["'NULL'", "NULL"],
      ],
    ],
    ["VARCHAR", "VARCHAR(16777216)", "LENGTH(V)::VARCHAR", [["repeat('x', 16777216)", "16777216"]]],
    ["UUID", "VARCHAR(16777216)", "V", [["'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "6f9619ff-8b86-d011-b42d-00c04fc964ff"]]],
    ["ENUM('a', 'b')", "VARCHAR(16777216)", "V", [["'b'", "b"]]],
    ["INTERVAL", "VARCHAR(16777216)", "V", [["'1 year 2 days 00:00:00.000003'", "1 year 2 days 00:00:00.000003"]]],
    ["TIMETZ", "VARCHAR(16777216)", "V", [["'12:00:00.5+01:30'", "12:00:00.5+01:30"]]],
    ["BIT", "VARCHAR(16777216)", "V", [["'0101'", "0101"]]],
    [
      "BLOB",
      "BINARY(8388608)",
      "TO_VARCHAR(V, 'HEX')",
      [
        ["'\\x00\\xFF\\x41'", "00FF41"],
        ["''", ""],
      ],
    ],
    ["BLOB", "BINARY(8388608)", "OCTET_LENGTH(V)::VARCHAR", [["repeat('x', 8388608)::BLOB", "8388608"]]],
    [
      "DATE",
      "DATE",
      "TO_VARCHAR(V, 'YYYY-MM-DD')",
      [
        ["'0001-01-01'", "0001-01-01"],
        ["'9999-12-31'", "9999-12-31"],
        ["'1970-01-01'", "1970-01-01"],
      ],
    ],
    [
      "TIME",
      "TIME(6)",
      "(V = '23:59:59.999999'::TIME(6))::VARCHAR",
      [
        ["'00:00:00'", "false"],
        ["'23:59:59.999999'", "true"],
      ],
    ],
    ["TIMESTAMP_S", "TIMESTAMP_NTZ(0)", stamp("V"), [["'2024-02-29 12:00:00'", "2024-02-29 12:00:00.000000000"]]],
    ["TIMESTAMP_MS", "TIMESTAMP_NTZ(3)", stamp("V"), [["'1969-12-31 23:59:59.999'", "1969-12-31 23:59:59.999000000"]]],
    [
      "TIMESTAMP",
      "TIMESTAMP_NTZ(6)",
      stamp("V"),
      [
        ["'0001-01-01 00:00:00.000001'", "0001-01-01 00:00:00.000001000"],
        ["'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999000"],
      ],
    ],
    ["TIMESTAMP_NS", "TIMESTAMP_NTZ(9)", stamp("V"), [["'2262-04-11 23:47:15.123456789'", "2262-04-11 23:47:15.123456789"]]],
    [
      "TIMESTAMPTZ",
      "TIMESTAMP_TZ(6)",
      stamp("CONVERT_TIMEZONE('UTC', V)"),
      [
        ["'2024-03-31 03:30:00.000001+02:00'", "2024-03-31 01:30:00.000001000"],
        ["'1969-12-31 23:59:59.5-12:00'", "1970-01-01 11:59:59.500000000"],
      ],
    ],
    [
      "JSON",
      "VARIANT",
      "TO_JSON(V)",
      [
        [
          `'{"a":[1,null,{"b":"\u{1f9ca}"}],"n":12345678901234567890}'`,
          `{"a":[1,null,{"b":"\u{1f9ca}"}],"n":12345678901234567890}`,
        ],
        [`'"text"'`, `"text"`],
      ],
    ],
    ["STRUCT(a INTEGER, b VARCHAR[])", "VARIANT", "TO_JSON(V)", [["{a: 1, b: ['x', NULL]}", `{"a":1,"b":["x",null]}`]]],
    ["MAP(VARCHAR, DECIMAL(4,2))", "VARIANT", "V:k::VARCHAR", [["MAP {'k': 1.5}", "1.5"]]],
    [
      "INTEGER[]",
      "VARIANT",
      "TO_JSON(V)",
      [
        ["[1, 2]", "[1,2]"],
        ["[]", "[]"],
      ],
    ],
  ];

test.each(cases)("%s is stored as %s, %s, exactly, and NULL stays NULL", async (type, column, read, values) => {
  await using place = await openPlace(account);
  const sink = await place.open();
  const columns = [
    { name: "n", type: "INTEGER" },
    { name: "v", type },
  ];
  const target = await sink.prepare(columns);
  const described = await account.query(`DESCRIBE TABLE ${place.table}`);
  expect(described.map((row) => row["type"])).toEqual(["NUMBER(10,0)", column]);
  await sink.restore(["a"]);
  const taken = target.find(({ name }) => name === "v")!;
  const tuples = [...values.map(([sql]) => sql), "NULL"].map((sql, at) => `SELECT ${at} AS n, CAST(${sql} AS ${type}) AS v`);
  const batch = await place.maker.rows(tuples.join(" UNION ALL "), [columns[0]!, taken]);
  expect(await sink.write(batch, [{ split: "a", from: null, to: { offset: 1 } }])).toEqual({ kind: "written" });
  const found = await account.query(`SELECT ${read} AS V FROM ${place.table} ORDER BY N`);
  expect(found.map((row) => row["V"])).toEqual([...values.map(([, text]) => text), null]);
});
