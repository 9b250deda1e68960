import { literal, quoted } from "../engine/physical-name.ts";
import { duckdbType } from "../engine/duckdb-types.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";

/** Rows that the server knows itself. */
export interface KnownRows {
  readonly columns: readonly { readonly name: string; readonly type: SnowflakeType }[];
  /** Texts that DuckDB can cast to the columns' types. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A DuckDB relation, in parentheses, of rows that the server knows itself. */
export function relationOfRows({ columns, rows }: KnownRows): string {
  const items = columns.map(({ name, type }, index) => `CAST(r[${index + 1}] AS ${duckdbType(type)}) AS ${quoted(name)}`);
  const list = `unnest(from_json(${literal(JSON.stringify(rows))}, '[["VARCHAR"]]'))`;
  return `(SELECT ${items.join(", ")} FROM (SELECT ${list} AS r))`;
}
