import { SnowflakeError } from "../result.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import type { KnownRows } from "../sql/relation-of-rows.ts";

/** The rows of RESULT_SCAN. Throws SnowflakeError where that query has no result (any more). */
export function resultScan(queryId: string, { account }: QueryScope): KnownRows {
  const result = account.queries.result(queryId);
  if (result === null) throw new SnowflakeError("000709", "02000", `SQL compilation error:\nStatement ${queryId} not found`);
  const casts = result.columns.map(({ type }) => castable(type));
  return {
    columns: result.columns,
    rows: result.rows.map((row) => row.map((value, index) => (value === null ? null : casts[index]!(value)))),
  };
}

/** From the wire's form of a value to one that DuckDB can cast. */
function castable(type: SnowflakeType): (value: string) => string {
  switch (type.kind) {
    case "BOOLEAN":
      return (value) => (value === "1" ? "true" : "false");
    case "DATE":
      return (value) => new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return (value) => {
        const [seconds, fraction = "0"] = value.split(" ", 1)[0]!.split(".");
        return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, `.${fraction.slice(0, 6)}Z`);
      };
    case "TIME":
      return (value) => {
        const [seconds, fraction = "0"] = value.split(".");
        return `${new Date(Number(seconds) * 1000).toISOString().slice(11, 19)}.${fraction.slice(0, 6)}`;
      };
    case "BINARY":
      return (value) => value.replaceAll(/../g, String.raw`\x$&`);
    case "NUMBER":
    case "FLOAT":
    case "VARCHAR":
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return (value) => value;
    default:
      return type satisfies never;
  }
}
