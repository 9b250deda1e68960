import type { SnowflakeType } from "../engine/snowflake-type.ts";

/** Names of what a row's member is there as: its JSON value and that value's text (NULL for a null), and the column's value made of it. */
export interface Member {
  readonly json: string;
  readonly text: string;
  readonly value: string;
}

/** How a member of a row becomes a column's value. */
export interface RowValue {
  /** DuckDB expression of the value, over the member's JSON or text; NULL where it cannot be. */
  readonly expression: string;
  /** DuckDB condition, over the member's text and value: it does not fit the column. Never NULL. */
  readonly bad: string;
}

/** Digits of DuckDB's decimals that are no wider than 64 bits. */
const narrowDigits = 18;

/** The value that a column of the type gets, as Snowflake converts it. */
export function rowValue({ json, text, value }: Member, type: SnowflakeType): RowValue {
  const cast = (to: string): RowValue => ({
    expression: `TRY_CAST(${text} AS ${to})`,
    bad: `(${text} IS NOT NULL AND ${value} IS NULL)`,
  });
  switch (type.kind) {
    case "NUMBER": {
      const whole = cast(`DECIMAL(${type.precision},${type.scale})`);
      if (type.precision <= narrowDigits || type.scale > narrowDigits) return whole;
      // DuckDB reads wide decimals thirty times slower, and most numbers are not that long.
      const narrow = `TRY_CAST(${text} AS DECIMAL(${narrowDigits},${type.scale}))`;
      return {
        ...whole,
        expression: `COALESCE(CAST(${narrow} AS DECIMAL(${type.precision},${type.scale})), ${whole.expression})`,
      };
    }
    case "FLOAT":
      return cast("DOUBLE");
    case "BOOLEAN":
    case "DATE":
    case "TIME":
      return cast(type.kind);
    case "VARCHAR":
      return { expression: text, bad: `COALESCE(length(${value}) > ${type.length}, false)` };
    case "BINARY": {
      const isHex = `(length(${text}) % 2 = 0 AND regexp_full_match(${text}, '[0-9A-Fa-f]*'))`;
      const tooLong = `octet_length(${value}) > ${type.length}`;
      return {
        expression: `CASE WHEN ${isHex} THEN unhex(${text}) END`,
        bad: `(${text} IS NOT NULL AND COALESCE(${tooLong}, true))`,
      };
    }
    case "TIMESTAMP_NTZ":
      return cast(type.nanoseconds === true ? "TIMESTAMP_NS" : "TIMESTAMP");
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return cast("TIMESTAMPTZ");
    case "VARIANT":
      return { expression: json, bad: "false" };
    case "OBJECT":
    case "ARRAY":
      return { expression: json, bad: `COALESCE(json_type(${value}) <> '${type.kind}', false)` };
    default:
      return type satisfies never;
  }
}
