import { type SnowflakeType, textLengthMax } from "./snowflake-type.ts";

/**
 * The DuckDB expression for what a column of the type stores of the value of another expression: it is cast as Snowflake does it,
 * and too long texts, numbers out of range and the like fail with Snowflake's errors. `from` is the DuckDB type of that expression
 * where it is known (`JSON` for that): it saves DuckDB from finding out.
 */
export function storedValue(expression: string, type: SnowflakeType, from: string | null = null): string {
  switch (type.kind) {
    case "NUMBER":
      return `CAST(${expression} AS DECIMAL(${type.precision},${type.scale}))`;
    case "FLOAT":
      return `CAST(${expression} AS DOUBLE)`;
    case "VARCHAR":
      return fitted(from === "VARCHAR" ? expression : `sf_text(${expression})`, type.length);
    case "BINARY":
      return `sf_fit_binary(${from === "BLOB" ? expression : `sf_binary(${expression})`}, ${type.length})`;
    case "BOOLEAN":
      return from === "BOOLEAN" ? expression : `sf_boolean(${expression})`;
    case "DATE":
    case "TIME":
      return `CAST(${expression} AS ${type.kind})`;
    case "TIMESTAMP_NTZ":
      return type.nanoseconds === true
        ? `CAST(${expression} AS TIMESTAMP_NS)`
        : rounded(timestamp(expression, from, "sf_timestamp"), type.scale);
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return rounded(timestamp(expression, from, "sf_timestamp_tz"), type.scale);
    case "VARIANT":
      return from === "JSON" ? expression : `sf_variant(${expression})`;
    case "OBJECT":
      return `sf_object(${expression})`;
    case "ARRAY":
      return `sf_array(${expression})`;
    default:
      return type satisfies never;
  }
}

function timestamp(expression: string, from: string | null, macro: "sf_timestamp" | "sf_timestamp_tz"): string {
  if (from === null || from === "VARCHAR" || from === "JSON") return `${macro}(${expression})`;
  return `CAST(${expression} AS ${macro === "sf_timestamp" ? "TIMESTAMP" : "TIMESTAMPTZ"})`;
}

function fitted(expression: string, length: number): string {
  // Bytes of the longest texts are counted, not characters: that costs nothing.
  return length < textLengthMax ? `sf_fit_text(${expression}, ${length})` : `sf_fit_bytes(${expression}, ${length})`;
}

/** Snowflake cuts digits off that the column does not keep. */
function rounded(expression: string, scale: number): string {
  if (scale >= 6) return expression;
  if (scale === 0) return `date_trunc('second', ${expression})`;
  if (scale === 3) return `date_trunc('millisecond', ${expression})`;
  const step = 10 ** (6 - scale);
  return `(${expression} - to_microseconds(CAST(epoch_us(${expression}) % ${step} AS BIGINT)))`;
}
