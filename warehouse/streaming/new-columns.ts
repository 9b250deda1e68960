import type { SnowflakeType } from "../engine/snowflake-type.ts";
import { textLengthMax } from "../engine/snowflake-type.ts";

/** The column type that schema evolution gives a member with values of these kinds, as `json_type` calls them. */
export function evolvedType(kinds: ReadonlySet<string>): SnowflakeType {
  const only = (...allowed: readonly string[]) => [...kinds].every((kind) => allowed.includes(kind));
  if (kinds.size === 0) return { kind: "VARCHAR", length: textLengthMax };
  if (only("BOOLEAN")) return { kind: "BOOLEAN" };
  if (only("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")) return { kind: "NUMBER", precision: 38, scale: 0 };
  if (only("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")) return { kind: "FLOAT" };
  if (only("VARCHAR")) return { kind: "VARCHAR", length: textLengthMax };
  if (only("OBJECT")) return { kind: "OBJECT" };
  if (only("ARRAY")) return { kind: "ARRAY" };
  return { kind: "VARIANT" };
}
