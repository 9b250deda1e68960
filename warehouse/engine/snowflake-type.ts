/** A Snowflake column type with its parameters. */
export type SnowflakeType =
  | { readonly kind: "NUMBER"; readonly precision: number; readonly scale: number }
  | { readonly kind: "FLOAT" | "BOOLEAN" | "DATE" | "VARIANT" | "OBJECT" | "ARRAY" }
  /** `length` in characters. */
  | { readonly kind: "VARCHAR"; readonly length: number }
  /** `length` in bytes. */
  | { readonly kind: "BINARY"; readonly length: number }
  /** `scale`: digits of the fraction of a second. */
  | { readonly kind: "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ"; readonly scale: number };
