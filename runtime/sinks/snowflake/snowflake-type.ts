/** A Snowflake column type, as DESCRIBE TABLE names it. */
export type SnowflakeType =
  | { readonly kind: "NUMBER"; readonly precision: number; readonly scale: number }
  | { readonly kind: "FLOAT" | "BOOLEAN" | "DATE" | "VARIANT" | "OBJECT" | "ARRAY" }
  /** `length`: characters of a VARCHAR, bytes of a BINARY. */
  | { readonly kind: "VARCHAR" | "BINARY"; readonly length: number }
  /** `scale`: digits of the fraction of a second. */
  | { readonly kind: "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ"; readonly scale: number }
  /** One that nothing is loaded into: GEOGRAPHY, VECTOR, a structured type, … */
  | { readonly kind: "other"; readonly name: string };

/** Bytes of the longest VARCHAR and VARIANT that every account takes, and what a VARCHAR without a length is. */
export const textBytesMax = 16_777_216;
/** Bytes of a BINARY without a length. */
export const binaryBytesMax = 8_388_608;

/** Reads a type as DESCRIBE TABLE prints it. What it does not know comes back as `other`. */
export function parseSnowflakeType(text: string): SnowflakeType {
  const other: SnowflakeType = { kind: "other", name: text };
  const found = /^(?<kind>[A-Z_]+)(?:\((?<numbers>\d+(?:,\s*\d+)?)\))?$/.exec(text.trim().toUpperCase())?.groups;
  if (found === undefined) return other;
  const kind = found["kind"]!;
  const [first, second] = (found["numbers"] ?? "").split(",").map((digits) => (digits === "" ? undefined : Number(digits)));
  switch (kind) {
    case "NUMBER":
    case "DECIMAL":
      return { kind: "NUMBER", precision: first ?? 38, scale: second ?? 0 };
    case "FLOAT":
    case "BOOLEAN":
    case "DATE":
      return { kind };
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return first === undefined ? { kind } : other;
    case "VARCHAR":
    case "TEXT":
      return { kind: "VARCHAR", length: first ?? textBytesMax };
    case "BINARY":
      return { kind, length: first ?? binaryBytesMax };
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return { kind, scale: first ?? 9 };
    default:
      return other;
  }
}

/** The type in SQL. */
export function printSnowflakeType(type: SnowflakeType): string {
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
    case "other":
      return type.name;
    default:
      return type.kind;
  }
}
