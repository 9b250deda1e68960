import type { SnowflakeType } from "../engine/snowflake-type.ts";

/** How a member of a row becomes a column's value. */
export interface RowValue {
  /** DuckDB expression of the value; NULL where it cannot be. */
  readonly value: string;
  /** DuckDB condition: the member does not fit the column. Never NULL. */
  readonly bad: string;
}

/** The value that a column of the type gets of a DuckDB expression of type JSON, as Snowflake converts it. */
export function rowValue(json: string, type: SnowflakeType): RowValue {
  const text = `(${json} ->> '$')`;
  const unfit = (value: string): RowValue => ({ value, bad: `(${text} IS NOT NULL AND ${value} IS NULL)` });
  switch (type.kind) {
    case "NUMBER":
      return unfit(`TRY_CAST(${scalar(json, text)} AS DECIMAL(${type.precision},${type.scale}))`);
    case "FLOAT":
      return unfit(`TRY_CAST(${scalar(json, text)} AS DOUBLE)`);
    case "BOOLEAN":
      return unfit(`TRY_CAST(${text} AS BOOLEAN)`);
    case "VARCHAR":
      return { value: text, bad: `COALESCE(length(${text}) > ${type.length}, false)` };
    case "BINARY": {
      const isHex = `(length(${text}) % 2 = 0 AND regexp_full_match(${text}, '[0-9A-Fa-f]*'))`;
      const value = `CASE WHEN ${isHex} THEN unhex(${text}) END`;
      return { value, bad: `(${text} IS NOT NULL AND (NOT ${isHex} OR length(${text}) > ${type.length * 2}))` };
    }
    case "DATE":
      return unfit(`TRY_CAST(${text} AS DATE)`);
    case "TIME":
      return unfit(`TRY_CAST(${text} AS TIME)`);
    case "TIMESTAMP_NTZ":
      return unfit(`TRY_CAST(${text} AS ${type.nanoseconds === true ? "TIMESTAMP_NS" : "TIMESTAMP"})`);
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return unfit(`TRY_CAST(${text} AS TIMESTAMPTZ)`);
    case "VARIANT":
      return { value: json, bad: "false" };
    case "OBJECT":
    case "ARRAY":
      return { value: json, bad: `(${text} IS NOT NULL AND json_type(${json}) <> '${type.kind}')` };
    default:
      return type satisfies never;
  }
}

/** A number may come as one or as its text; TRUE is none. */
function scalar(json: string, text: string): string {
  return `CASE WHEN json_type(${json}) <> 'BOOLEAN' THEN ${text} END`;
}
