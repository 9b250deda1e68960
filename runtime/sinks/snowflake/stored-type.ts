import type { Taken } from "../../component/table-plan.ts";
import { type DuckdbType, parseType } from "../../../transform/duckdb-type.ts";
import { binaryBytesMax, type SnowflakeType, textBytesMax } from "./snowflake-type.ts";

/** A DuckDB type's home in Snowflake: the column that is made for it, and what rows bring for it. */
export interface Home {
  readonly column: SnowflakeType;
  readonly taken: Taken;
}

/** DATE and TIMESTAMP have years 1 to 9999 in Snowflake; DuckDB's have infinity, too. */
const dates = ["0001-01-01", "9999-12-31"] as const;
const timestamps = ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"] as const;
const number = (precision: number): SnowflakeType => ({ kind: "NUMBER", precision, scale: 0 });

// Unsigned integers of Parquet are doubtful in COPY, and so are times and nanoseconds: the former travel in a wider type, the
// latter as text.
const homes: Readonly<Record<string, Home>> = {
  BOOLEAN: { column: { kind: "BOOLEAN" }, taken: { type: "BOOLEAN" } },
  TINYINT: { column: number(3), taken: { type: "TINYINT" } },
  UTINYINT: { column: number(3), taken: { type: "SMALLINT" } },
  SMALLINT: { column: number(5), taken: { type: "SMALLINT" } },
  USMALLINT: { column: number(5), taken: { type: "INTEGER" } },
  INTEGER: { column: number(10), taken: { type: "INTEGER" } },
  UINTEGER: { column: number(10), taken: { type: "BIGINT" } },
  BIGINT: { column: number(19), taken: { type: "BIGINT" } },
  UBIGINT: { column: number(20), taken: { type: "DECIMAL(20,0)" } },
  HUGEINT: { column: number(38), taken: { type: "DECIMAL(38,0)" } },
  UHUGEINT: { column: number(38), taken: { type: "DECIMAL(38,0)" } },
  FLOAT: { column: { kind: "FLOAT" }, taken: { type: "FLOAT" } },
  DOUBLE: { column: { kind: "FLOAT" }, taken: { type: "DOUBLE" } },
  VARCHAR: text({ type: "VARCHAR", bytesMax: textBytesMax }),
  UUID: text({ type: "VARCHAR" }),
  INTERVAL: text({ type: "VARCHAR" }),
  BIT: text({ type: "VARCHAR", bytesMax: textBytesMax }),
  BIGNUM: text({ type: "VARCHAR", bytesMax: textBytesMax }),
  "TIME WITH TIME ZONE": text({ type: "VARCHAR" }),
  BLOB: { column: { kind: "BINARY", length: binaryBytesMax }, taken: { type: "BLOB", bytesMax: binaryBytesMax } },
  JSON: variant(),
  DATE: { column: { kind: "DATE" }, taken: { type: "DATE", within: dates } },
  TIME: {
    column: { kind: "TIME", scale: 6 },
    taken: { type: "TIME", within: ["00:00:00", "23:59:59.999999"], asText: true },
  },
  TIME_NS: {
    column: { kind: "TIME", scale: 9 },
    taken: { type: "TIME_NS", within: ["00:00:00", "23:59:59.999999999"], asText: true },
  },
  TIMESTAMP_S: timestamp("TIMESTAMP_NTZ", 0, { type: "TIMESTAMP_S", within: timestamps }),
  TIMESTAMP_MS: timestamp("TIMESTAMP_NTZ", 3, { type: "TIMESTAMP_MS", within: timestamps }),
  TIMESTAMP: timestamp("TIMESTAMP_NTZ", 6, { type: "TIMESTAMP", within: timestamps }),
  TIMESTAMP_NS: timestamp("TIMESTAMP_NTZ", 9, {
    type: "TIMESTAMP_NS",
    within: ["1677-09-22 00:00:00", "2262-04-11 23:47:16"],
    asText: true,
  }),
  "TIMESTAMP WITH TIME ZONE": timestamp("TIMESTAMP_TZ", 6, {
    type: "TIMESTAMP WITH TIME ZONE",
    within: [`${timestamps[0]}+00`, `${timestamps[1]}+00`],
  }),
};

/** Where a DuckDB type goes; null: nowhere. Nested types go into VARIANT. */
export function homeOf(type: DuckdbType): Home | null {
  switch (type.kind) {
    case "decimal":
      return {
        column: { kind: "NUMBER", precision: type.precision, scale: type.scale },
        taken: { type: `DECIMAL(${type.precision},${type.scale})` },
      };
    case "plain":
      return homes[type.name] ?? (type.name.startsWith("ENUM(") ? text({ type: "VARCHAR" }) : null);
    default:
      return variant();
  }
}

/** The same for a type's text. */
export function homeOfText(type: string): Home | null {
  return homeOf(parseType(type));
}

function text(taken: Taken): Home {
  return { column: { kind: "VARCHAR", length: textBytesMax }, taken };
}

function variant(): Home {
  // As text: what COPY makes of Parquet's own JSON is doubtful, of a text it is not.
  return { column: { kind: "VARIANT" }, taken: { type: "JSON", bytesMax: textBytesMax, strictJson: true, asText: true } };
}

function timestamp(kind: "TIMESTAMP_NTZ" | "TIMESTAMP_TZ", scale: number, taken: Taken): Home {
  return { column: { kind, scale }, taken };
}
