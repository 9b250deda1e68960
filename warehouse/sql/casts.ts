import { duckdbType } from "../engine/duckdb-types.ts";
import { type SnowflakeType, textLengthMax } from "../engine/snowflake-type.ts";

/** How to cast. */
export interface CastOptions {
  /** TRY_CAST: NULL where it cannot be. */
  readonly isTry: boolean;
  /** What is cast is a text. */
  readonly isText: boolean;
  /** What is cast is a VARIANT, OBJECT or ARRAY. */
  readonly isVariant: boolean;
}

/** DuckDB's SQL for Snowflake's CAST and TRY_CAST. */
export function castSql(of: string, type: SnowflakeType, { isTry, isText, isVariant }: CastOptions): string {
  const cast = isTry ? "TRY_CAST" : "CAST";
  switch (type.kind) {
    case "VARCHAR": {
      const text = isVariant ? `json_extract_string(${of}, '$')` : isText ? of : `sf_text(${of})`;
      // A cast to a shorter text cuts, as in Snowflake.
      return type.length < textLengthMax ? `left(${text}, ${type.length})` : text;
    }
    case "BINARY":
      return isTry ? `sf_try_binary(${of})` : `sf_binary(${of})`;
    case "BOOLEAN":
      return isTry ? `sf_try_boolean(${of})` : `sf_boolean(${of})`;
    case "TIMESTAMP_NTZ":
      return isTry || type.nanoseconds === true ? `${cast}(${of} AS ${duckdbType(type)})` : `sf_timestamp(${of})`;
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return isTry ? `TRY_CAST(${of} AS TIMESTAMPTZ)` : `sf_timestamp_tz(${of})`;
    case "VARIANT":
      return isVariant ? of : `sf_variant(${of})`;
    case "OBJECT":
      return `sf_object(${of})`;
    case "ARRAY":
      return `sf_array(${of})`;
    case "NUMBER":
    case "FLOAT":
    case "DATE":
    case "TIME":
      return `${cast}(${of} AS ${duckdbType(type)})`;
    default:
      return type satisfies never;
  }
}
