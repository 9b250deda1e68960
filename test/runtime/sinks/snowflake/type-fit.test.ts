import { describe, expect, test } from "vitest";
import { fit } from "../../../../runtime/sinks/snowflake/type-fit.ts";
import { parseSnowflakeType } from "../../../../runtime/sinks/snowflake/snowflake-type.ts";
import { parseType } from "../../../../transform/duckdb-type.ts";

const judged = (table: string, sql: string): string => {
  const answer = fit(parseSnowflakeType(table), parseType(sql));
  switch (answer.kind) {
    case "fits":
      return answer.taken.type;
    case "narrow":
      return `${answer.taken.type}${answer.loses ? " loses" : ""} → ${answer.wider} ${answer.widened.type}`;
    case "refused":
      return answer.cast === null ? "refused" : `CAST ${answer.cast}`;
    default:
      return answer satisfies never;
  }
};

describe("a column in Snowflake against the SQL's type:", () => {
  test.each([
    ["NUMBER(19,0)", "BIGINT", "BIGINT"],
    ["NUMBER(38,0)", "BIGINT", "BIGINT"],
    ["NUMBER(38,0)", "UHUGEINT", "DECIMAL(38,0)"],
    ["NUMBER(38,0)", "DECIMAL(10,0)", "DECIMAL(10,0)"],
    ["NUMBER(10,0)", "BIGINT", "DECIMAL(10,0) → NUMBER(19,0) DECIMAL(19,0)"],
    ["NUMBER(10,2)", "DECIMAL(10,2)", "DECIMAL(10,2)"],
    ["NUMBER(10,2)", "DECIMAL(18,2)", "DECIMAL(10,2) → NUMBER(18,2) DECIMAL(18,2)"],
    ["NUMBER(10,2)", "BIGINT", "DECIMAL(10,2) → NUMBER(21,2) DECIMAL(21,2)"],
    ["NUMBER(10,2)", "DECIMAL(10,4)", "CAST DECIMAL(10,2)"],
    ["NUMBER(38,10)", "HUGEINT", "DECIMAL(38,10)"],
    ["NUMBER(10,2)", "DOUBLE", "CAST DECIMAL(10,2)"],
    ["NUMBER(10,2)", "VARCHAR", "CAST DECIMAL(10,2)"],
    ["FLOAT", "FLOAT", "DOUBLE"],
    ["FLOAT", "UINTEGER", "DOUBLE"],
    ["FLOAT", "BIGINT", "CAST DOUBLE"],
    ["FLOAT", "DECIMAL(9,2)", "CAST DOUBLE"],
    ["BOOLEAN", "BOOLEAN", "BOOLEAN"],
    ["BOOLEAN", "INTEGER", "CAST BOOLEAN"],
    ["VARCHAR(16777216)", "VARCHAR", "VARCHAR"],
    ["VARCHAR(10)", "VARCHAR", "VARCHAR → VARCHAR(16777216) VARCHAR"],
    ["VARCHAR(36)", "UUID", "VARCHAR"],
    ["VARCHAR(134217728)", "JSON", "VARCHAR"],
    ["VARCHAR(16777216)", "ENUM('a', 'b')", "VARCHAR"],
    ["VARCHAR(16777216)", "INTEGER", "CAST VARCHAR"],
    ["VARCHAR(16777216)", "STRUCT(a INTEGER)", "CAST VARCHAR"],
    ["BINARY(8388608)", "BLOB", "BLOB"],
    ["BINARY(16)", "VARCHAR", "CAST BLOB"],
    ["VARIANT", "JSON", "JSON"],
    ["VARIANT", "VARCHAR", "JSON"],
    ["VARIANT", "STRUCT(a INTEGER)", "JSON"],
    ["VARIANT", "MAP(VARCHAR, INTEGER)[]", "JSON"],
    ["VARIANT", "INTEGER", "CAST JSON"],
    ["OBJECT", "STRUCT(a INTEGER)", "JSON"],
    ["OBJECT", "INTEGER[]", "CAST MAP(VARCHAR, JSON)"],
    ["OBJECT", "JSON", "CAST MAP(VARCHAR, JSON)"],
    ["ARRAY", "INTEGER[3]", "JSON"],
    ["ARRAY", "JSON", "CAST JSON[]"],
    ["DATE", "DATE", "DATE"],
    ["DATE", "TIMESTAMP", "CAST DATE"],
    ["TIME(9)", "TIME", "TIME"],
    ["TIME(0)", "TIME", "refused"],
    ["TIMESTAMP_NTZ(9)", "TIMESTAMP", "TIMESTAMP"],
    ["TIMESTAMP_NTZ(9)", "TIMESTAMP_NS", "TIMESTAMP_NS"],
    ["TIMESTAMP_NTZ(9)", "DATE", "TIMESTAMP_S"],
    ["TIMESTAMP_NTZ(6)", "TIMESTAMP_NS", "CAST TIMESTAMP"],
    ["TIMESTAMP_NTZ(3)", "TIMESTAMP", "CAST TIMESTAMP_MS"],
    ["TIMESTAMP_NTZ(0)", "TIMESTAMP_MS", "CAST TIMESTAMP_S"],
    ["TIMESTAMP_NTZ(9)", "TIMESTAMPTZ", "CAST TIMESTAMP"],
    ["TIMESTAMP_TZ(9)", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"],
    ["TIMESTAMP_LTZ(9)", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"],
    ["TIMESTAMP_TZ(9)", "TIMESTAMP", "CAST TIMESTAMPTZ"],
    ["TIMESTAMP_TZ(3)", "TIMESTAMPTZ", "refused"],
    ["GEOGRAPHY", "VARCHAR", "refused"],
    ["ARRAY(NUMBER(38,0))", "INTEGER[]", "refused"],
    ["VECTOR(FLOAT, 3)", "FLOAT[3]", "refused"],
  ])("%s for %s: %s", (table, sql, expected) => {
    expect(judged(table, sql)).toBe(expected);
  });

  test("a short VARCHAR says how many characters it takes, a BINARY how many bytes", () => {
    expect(fit(parseSnowflakeType("VARCHAR(10)"), parseType("VARCHAR"))).toMatchObject({
      taken: { charactersMax: 10, bytesMax: 16_777_216 },
      widened: { bytesMax: 16_777_216 },
    });
    expect(fit(parseSnowflakeType("BINARY(16)"), parseType("BLOB"))).toEqual({
      kind: "fits",
      taken: { type: "BLOB", bytesMax: 16 },
    });
  });
});
