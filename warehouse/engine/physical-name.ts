import type { TableDefinition } from "./table-definition.ts";

/** The table's name in DuckDB's SQL. A temporary one is in its session's connection only. */
export function physicalName({ name, kind }: Pick<TableDefinition, "name" | "kind">): string {
  return kind === "temporary"
    ? `temp.main.${quoted(`${name.database}.${name.schema}.${name.name}`)}`
    : `${physicalSchema(name.database, name.schema)}.${quoted(name.name)}`;
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
