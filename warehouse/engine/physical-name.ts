import type { TableDefinition } from "./table-definition.ts";

/** The table's whole name in DuckDB's SQL. A temporary one is in its session's connection only. */
export function physicalName(table: Pick<TableDefinition, "name" | "kind">): string {
  const { database, schema } = table.name;
  return `${table.kind === "temporary" ? "temp.main" : physicalSchema(database, schema)}.${physicalTable(table)}`;
}

/** The table's name within its DuckDB schema. */
export function physicalTable({ name, kind }: Pick<TableDefinition, "name" | "kind">): string {
  return quoted(kind === "temporary" ? `${name.database}.${name.schema}.${name.name}` : name.name);
}

/** The DuckDB schema that a Snowflake schema is. */
export function physicalSchema(database: string, schema: string): string {
  return quoted(`${database}.${schema}`);
}

/** An identifier, quoted for DuckDB and for Snowflake. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A text as a literal of DuckDB. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
