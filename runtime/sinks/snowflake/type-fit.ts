import type { Meeting, Taken } from "../../component/table-plan.ts";
import type { DuckdbType } from "../../../transform/duckdb-type.ts";
import { printSnowflakeType, type SnowflakeType, textBytesMax } from "./snowflake-type.ts";
import { homeOf } from "./stored-type.ts";

/** NUMBER's most digits. */
const digitsMax = 38;
const refused = (cast: string | null): Meeting => ({ kind: "refused", cast });
const fits = (taken: Taken): Meeting => ({ kind: "fits", taken });

/** Judges a column that is there against the SQL's type. Pure. Conservative: what is not known to be safe is refused. */
export function fit(table: SnowflakeType, sql: DuckdbType): Meeting {
  const home = homeOf(sql);
  const cast = duckdbFor(table);
  if (home === null) return refused(cast);
  const { column, taken } = home;
  switch (table.kind) {
    case "NUMBER":
      return column.kind === "NUMBER" ? fitNumber(table, column, taken) : refused(cast);
    case "FLOAT":
      // Integers up to 32 bits and floats are exact in a double.
      return column.kind === "FLOAT" || (column.kind === "NUMBER" && column.scale === 0 && column.precision <= 10)
        ? fits({ type: "DOUBLE" })
        : refused(cast);
    case "BOOLEAN":
    case "DATE":
      return column.kind === table.kind ? fits(taken) : refused(cast);
    case "VARCHAR":
      // A JSON value's text is a text; what is nested is not.
      if (column.kind === "VARCHAR" || isJson(sql)) return fitText(table.length, sql);
      return refused(cast);
    case "BINARY":
      return column.kind === "BINARY" ? fits({ type: "BLOB", bytesMax: table.length }) : refused(cast);
    case "VARIANT":
      if (column.kind === "VARIANT") return fits(taken);
      // A text has to be JSON, which is checked.
      return isPlain(sql, "VARCHAR") ? fits(homeOf({ kind: "plain", name: "JSON" })!.taken) : refused(cast);
    case "OBJECT":
      return sql.kind === "struct" || sql.kind === "map" ? fits(taken) : refused(cast);
    case "ARRAY":
      return sql.kind === "list" || sql.kind === "array" ? fits(taken) : refused(cast);
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return fitTime(table, sql);
    case "other":
      return refused(null);
    default:
      return table satisfies never;
  }
}

type NumberType = Extract<SnowflakeType, { kind: "NUMBER" }>;
type TimeType = Extract<SnowflakeType, { scale: number; kind: `TIM${string}` }>;

function fitNumber(table: NumberType, sql: NumberType, taken: Taken): Meeting {
  const whole = Math.max(table.precision - table.scale, sql.precision - sql.scale);
  const scale = Math.max(table.scale, sql.scale);
  const decimal = (type: { precision: number; scale: number }): Taken => ({ type: `DECIMAL(${type.precision},${type.scale})` });
  if (whole + scale === table.precision && scale === table.scale)
    // The SQL's own integers need no cast.
    return fits(table.scale === 0 && sql.scale === 0 ? taken : decimal(table));
  const loses = scale > table.scale;
  // Snowflake adds digits before the point in place, but does not change the scale.
  if (loses || whole + scale > digitsMax) {
    return loses ? refused(`DECIMAL(${table.precision},${table.scale})`) : fits(decimal(table));
  }
  const wider: NumberType = { kind: "NUMBER", precision: whole + scale, scale };
  return { kind: "narrow", taken: decimal(table), wider: printSnowflakeType(wider), widened: decimal(wider), loses: false };
}

function fitText(length: number, sql: DuckdbType): Meeting {
  const limited = (characters: number): Taken => ({
    type: "VARCHAR",
    bytesMax: Math.max(characters, textBytesMax),
    ...(characters < textBytesMax ? { charactersMax: characters } : {}),
  });
  const short = isPlain(sql, "UUID") && length >= uuidCharacters;
  if (length >= textBytesMax || short) return fits(limited(length));
  return {
    kind: "narrow",
    taken: limited(length),
    wider: `VARCHAR(${textBytesMax})`,
    widened: limited(textBytesMax),
    loses: false,
  };
}

const uuidCharacters = 36;

/** From coarse to fine, with the digits of their fraction of a second. */
const withoutZone: Readonly<Record<string, number>> = {
  DATE: 0,
  TIMESTAMP_S: 0,
  TIMESTAMP_MS: 3,
  TIMESTAMP: 6,
  TIMESTAMP_NS: 9,
};
const times: Readonly<Record<string, number>> = { TIME: 6, TIME_NS: 9 };
const withZone: Readonly<Record<string, number>> = { "TIMESTAMP WITH TIME ZONE": 6 };

/** Snowflake changes no time's scale in place: a column that would cut digits off is the owner's to change. */
function fitTime(table: TimeType, sql: DuckdbType): Meeting {
  const digits = (table.kind === "TIME" ? times : table.kind === "TIMESTAMP_NTZ" ? withoutZone : withZone)[
    sql.kind === "plain" ? sql.name : ""
  ];
  if (digits === undefined || digits > table.scale) return refused(duckdbFor(table));
  if (isPlain(sql, "DATE")) return fits(homeOf({ kind: "plain", name: "TIMESTAMP_S" })!.taken);
  return fits(homeOf(sql)!.taken);
}

/** The DuckDB type to CAST to so that values fit the column; null: there is none. */
function duckdbFor(table: SnowflakeType): string | null {
  switch (table.kind) {
    case "NUMBER":
      return `DECIMAL(${table.precision},${table.scale})`;
    case "FLOAT":
      return "DOUBLE";
    case "BINARY":
      return "BLOB";
    case "VARIANT":
      return "JSON";
    case "OBJECT":
      return "MAP(VARCHAR, JSON)";
    case "ARRAY":
      return "JSON[]";
    case "TIME":
      // DuckDB's TIME has microseconds; a coarser column cannot be met by a cast.
      return table.scale >= 6 ? "TIME" : null;
    case "TIMESTAMP_NTZ":
      return table.scale >= 6 ? "TIMESTAMP" : table.scale >= 3 ? "TIMESTAMP_MS" : "TIMESTAMP_S";
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return table.scale >= 6 ? "TIMESTAMPTZ" : null;
    case "other":
      return null;
    default:
      return table.kind;
  }
}

function isPlain(type: DuckdbType, name: string): boolean {
  return type.kind === "plain" && type.name === name;
}

function isJson(type: DuckdbType): boolean {
  return isPlain(type, "JSON");
}
