import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "./column.ts";
import { rowsOf } from "./locked-database.ts";

/** The columns that a statement yields, with types in DuckDB's spelling. It is bound, not run. */
export async function describe(connection: DuckDBConnection, sql: string): Promise<Column[]> {
  const rows = await rowsOf(connection, `DESCRIBE SELECT * FROM (${sql})`);
  // Described as a subquery, columns of one name get names that differ; the statement itself knows theirs.
  const prepared = await connection.prepare(sql);
  try {
    return rows.map(([, type], index) => ({ name: prepared.columnName(index), type: String(type) }));
  } finally {
    prepared.destroySync();
  }
}
