import type { AlterTable, Catalog } from "../engine/catalog.ts";
import { duckdbType } from "../engine/duckdb-types.ts";
import { physicalName, quoted } from "../engine/physical-name.ts";
import { type SnowflakeType, textLengthMax } from "../engine/snowflake-type.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { SessionTransaction } from "../engine/transaction.ts";
import { type Misfits, misfits } from "./load-rows.ts";

/**
 * ENABLE_SCHEMA_EVOLUTION: adds columns for members that have none, and drops NOT NULL of columns that rows lack. Types never change.
 * Answers the table as it is then. DDL: in a transaction of its own.
 */
export async function evolveTable(
  table: TableDefinition,
  lines: string,
  { transaction, catalog }: { readonly transaction: SessionTransaction; readonly catalog: Catalog },
): Promise<TableDefinition> {
  return transaction.ddl(async (connection) => {
    const found = await misfits(connection, table, lines);
    if (found.members.size === 0 && found.lacking.size === 0) return table;
    return catalog.alterTable({ table, sessionId: 0, change: (now) => fitting(now, found), connection });
  });
}

function fitting(table: TableDefinition, { members, lacking }: Misfits): ReturnType<AlterTable["change"]> {
  const added = [...members]
    .filter(([name]) => !table.columns.some((column) => column.name.toUpperCase() === name))
    .map(([name, kinds]) => ({ name, type: evolvedType(kinds), nullable: true, defaultSql: null }));
  const loosened = table.columns.filter(({ name, nullable }) => !nullable && lacking.has(name));
  if (added.length === 0 && loosened.length === 0) return null;
  const alter = `ALTER TABLE ${physicalName(table)}`;
  const columns = table.columns.map((column) => (loosened.includes(column) ? { ...column, nullable: true } : column));
  return {
    changed: { ...table, columns: [...columns, ...added] },
    sql: [
      ...loosened.map(({ name }) => `${alter} ALTER COLUMN ${quoted(name)} DROP NOT NULL`),
      ...added.map(({ name, type }) => `${alter} ADD COLUMN ${quoted(name)} ${duckdbType(type)}`),
    ],
  };
}

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
