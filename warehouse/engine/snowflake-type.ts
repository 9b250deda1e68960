/** A Snowflake column type with its parameters. */
export type SnowflakeType =
  | { readonly kind: "NUMBER"; readonly precision: number; readonly scale: number }
  | { readonly kind: "FLOAT" | "BOOLEAN" | "DATE" | "VARIANT" | "OBJECT" | "ARRAY" }
  /** `length` in characters. */
  | { readonly kind: "VARCHAR"; readonly length: number }
  /** `length` in bytes. */
  | { readonly kind: "BINARY"; readonly length: number }
  | TimeType;

/** A type of time, or of a point in time. */
export interface TimeType {
  readonly kind: "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ";
  /** Digits of the fraction of a second. */
  readonly scale: number;
  /**
   * A TIMESTAMP_NTZ whose scale of 7 to 9 was written: kept with nanoseconds, in the years 1677 to 2262. The others, also those
   * that have the scale 9 by default, are kept with microseconds, in all years.
   */
  readonly nanoseconds?: true;
}

/** Characters of the longest VARCHAR where none is said; VARIANT's bound in bytes too. */
export const textLengthMax = 16_777_216;
/** Bytes of the longest BINARY. */
export const binaryLengthMax = 8_388_608;

/** The type as DESCRIBE TABLE shows it: `NUMBER(38,0)`. */
export function typeText(type: SnowflakeType): string {
  switch (type.kind) {
    case "NUMBER":
      return `NUMBER(${type.precision},${type.scale})`;
    case "VARCHAR":
    case "BINARY":
      return `${type.kind}(${type.length})`;
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return `${type.kind}(${type.scale})`;
    case "FLOAT":
    case "BOOLEAN":
    case "DATE":
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return type.kind;
    default:
      return type satisfies never;
  }
}
