import { mapPlain, parseType, printType } from "./duckdb-type.ts";

/**
 * The type in which a column travels in `Rows`. DuckDB writes some types to Parquet as something that is not the value any
 * more (HUGEINT as DOUBLE, INTERVAL without its microseconds, TIMETZ without its zone, TIMESTAMP_S without infinity): those travel as text, inside structs,
 * lists, maps and unions too. The writer casts to the column's type, then to this one; the reader casts to this one, then back.
 * Types that need nothing come back as they are. test/transform/parquet-types.test.ts holds it with each type's edges.
 */
export function parquetType(type: string): string {
  const parsed = parseType(type);
  const travels = printType(mapPlain(parsed, (name) => (asText.has(name) || name.startsWith("ENUM(") ? "VARCHAR" : name)));
  return travels === printType(parsed) ? type : travels;
}

const asText: ReadonlySet<string> = new Set([
  "HUGEINT",
  "UHUGEINT",
  "INTERVAL",
  "TIME WITH TIME ZONE",
  "TIMESTAMP_S",
  "BIT",
  "BIGNUM",
]);
