import type { Store } from "../engine/store.ts";
import type { TableDefinition } from "../engine/table-definition.ts";

/** Counts of the tables' committed rows, as DuckDB's statistics have them; null for a temporary table, which only its session sees. */
export async function rowCounts(store: Store): Promise<(table: TableDefinition) => number | null> {
  const connection = await store.connect();
  try {
    const reader = await connection.runAndReadAll("SELECT schema_name, table_name, estimated_size FROM duckdb_tables()");
    const counts = new Map(reader.getRows().map(([schema, table, size]) => [JSON.stringify([schema, table]), Number(size)]));
    return ({ kind, name }) =>
      kind === "temporary" ? null : (counts.get(JSON.stringify([`${name.database}.${name.schema}`, name.name])) ?? null);
  } finally {
    connection.closeSync();
  }
}
