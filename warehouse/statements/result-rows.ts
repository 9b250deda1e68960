import {
  DuckDBBlobValue,
  DuckDBDateValue,
  type DuckDBResultReader,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { SnowflakeType } from "../engine/snowflake-type.ts";

type WireText = (value: DuckDBValue) => string;

/** The rows of a DuckDB result as texts in the wire's form, as the types of its columns want them. */
export function resultRows(reader: DuckDBResultReader, types: readonly SnowflakeType[]): readonly (readonly (string | null)[])[] {
  const texts = types.map(wireText);
  return reader.getRows().map((row) => row.map((value, index) => (value === null ? null : texts[index]!(value))));
}

function wireText(type: SnowflakeType): WireText {
  switch (type.kind) {
    case "BOOLEAN":
      return (value) => (value === true || value === "true" ? "1" : "0");
    case "FLOAT":
      return floatText;
    case "DATE":
      return (value) => (value instanceof DuckDBDateValue ? String(value.days) : String(value));
    case "BINARY":
      return (value) =>
        value instanceof DuckDBBlobValue ? Buffer.from(value.bytes).toString("hex").toUpperCase() : String(value);
    case "TIME":
      return (value) => (value instanceof DuckDBTimeValue ? secondsText(value.micros * 1000n, type.scale) : String(value));
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
      return (value) => secondsText(nanosOf(value), type.scale);
    case "TIMESTAMP_TZ":
      // Its offset in minutes, plus a day: it is kept in UTC.
      return (value) => `${secondsText(nanosOf(value), type.scale)} 1440`;
    case "NUMBER":
    case "VARCHAR":
      return String;
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return (value) => (typeof value === "string" ? value : String(value));
    default:
      return type satisfies never;
  }
}

/** Nanoseconds as seconds and their fraction, with as many digits as the scale says: `-1.500`. */
function secondsText(nanos: bigint, scale: number): string {
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  const seconds = `${sign}${size / 1_000_000_000n}`;
  if (scale === 0) return seconds;
  return `${seconds}.${String(size % 1_000_000_000n)
    .padStart(9, "0")
    .slice(0, scale)}`;
}

function nanosOf(value: DuckDBValue): bigint {
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros * 1000n;
  throw new Error(`result: ${String(value)} is no timestamp`);
}

function floatText(value: DuckDBValue): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  return String(value);
}
