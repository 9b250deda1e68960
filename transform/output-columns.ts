import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "./column.ts";
import { describe } from "./describe.ts";
import type { Rewritten } from "./rewrite.ts";

/** The columns that the owner's statement yields, without the ordinal that `rewrite` added. */
export async function outputColumns(connection: DuckDBConnection, { sql, threaded }: Rewritten): Promise<Column[]> {
  const columns = await describe(connection, sql);
  return threaded ? columns.slice(0, -1) : columns;
}
