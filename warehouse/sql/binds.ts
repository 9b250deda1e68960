import { literal } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import type { Bind } from "../statements/statement.ts";

/** DuckDB's SQL for the value of a bind variable, counted from 1. For an array bind: of the row whose number is in column SNOWLINE_ROW. */
export function bindSql(binds: readonly Bind[], index: number): string {
  const bind = binds[index - 1];
  if (bind === undefined)
    throw new SnowflakeError(
      "002049",
      "42601",
      `SQL compilation error:\nBind variable ?${Number.isNaN(index) ? "" : index} not set.`,
    );
  const { type, value } = bind;
  if (value === null) return "NULL";
  if (typeof value !== "string") return typed(`"SNOWLINE_BINDS".${bindColumn(index)}`, type, value);
  // Plain literals fit where DuckDB wants a text or a number of any type.
  if (type === "TEXT") return literal(value);
  if (type === "FIXED" && /^-?\d+(?:\.\d+)?$/.test(value)) return value.startsWith("-") ? `(${value})` : value;
  return typed(literal(value), type, [value]);
}

/** The column of an array bind in `bindRows`. */
function bindColumn(index: number): string {
  return `"B${index}"`;
}

/** DuckDB relation of the rows of array binds; null where there is none. */
export function bindRows(binds: readonly Bind[]): string | null {
  const columns = binds.flatMap(({ value }, index) =>
    Array.isArray(value)
      ? [`unnest(from_json(${literal(JSON.stringify(value))}, '["VARCHAR"]')) AS ${bindColumn(index + 1)}`]
      : [],
  );
  return columns.length === 0 ? null : `(SELECT ${columns.join(", ")}) AS "SNOWLINE_BINDS"`;
}

/** A text of the wire protocol as its type says. `values` are those that it may be. */
function typed(sql: string, type: string, values: readonly (string | null)[]): string {
  switch (type) {
    case "FIXED":
      return `CAST(${sql} AS DECIMAL(38, 0))`;
    case "REAL":
      return `CAST(${sql} AS DOUBLE)`;
    case "BOOLEAN":
      return `sf_boolean(${sql})`;
    case "DATE":
      // Milliseconds since the epoch.
      return `CAST(make_timestamp(CAST(${sql} AS BIGINT) * 1000) AS DATE)`;
    case "TIME":
      // Nanoseconds since midnight.
      return `CAST(make_timestamp(CAST(${sql} AS BIGINT) // 1000) AS TIME)`;
    case "TIMESTAMP_NTZ":
      // Nanoseconds since the epoch. DuckDB's timestamps with nanoseconds have fewer years.
      if (values.some((value) => value !== null && !value.endsWith("000"))) return `make_timestamp_ns(CAST(${sql} AS BIGINT))`;
      return `make_timestamp(CAST(CAST(${sql} AS HUGEINT) // 1000 AS BIGINT))`;
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return `CAST(make_timestamp(CAST(CAST(split_part(${sql}, ' ', 1) AS HUGEINT) // 1000 AS BIGINT)) AS TIMESTAMPTZ)`;
    case "BINARY":
      return `unhex(${sql})`;
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return `CAST(${sql} AS JSON)`;
    default:
      return sql;
  }
}
