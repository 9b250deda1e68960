import { quoted } from "../../../transform/duckdb-type.ts";
import { Terminal } from "../../component/errors.ts";
import type { TableColumn } from "../../component/table-plan.ts";
import { ownSchema } from "./positions.ts";
import type { Database } from "./database.ts";

/** A table as the manifest names it. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** The table in SQL, with its catalog: `"warehouse"."main"."orders"`. */
export function qualified(database: Database, { schema, table }: TableName): string {
  return `${database.catalog}.${quoted(schema)}.${quoted(table)}`;
}

/** The table's columns in order, or null where there is none. Throws Terminal where the name is a view's. */
export async function readTable(database: Database, name: TableName): Promise<readonly TableColumn[] | null> {
  const kind = await database.connection.runAndReadAll(
    `SELECT table_type FROM information_schema.tables
     WHERE table_catalog = current_database() AND lower(table_schema) = lower($schema) AND lower(table_name) = lower($table)`,
    { schema: name.schema, table: name.table },
  );
  const type = kind.getRows()[0]?.[0];
  if (type === undefined) return null;
  if (type !== "BASE TABLE")
    throw new Terminal("NotATable", `table ${name.schema}.${name.table}: it is a ${String(type).toLowerCase()}: name a table`);
  const columns: TableColumn[] = [];
  for (const [column, text, required, value] of await tableInfo(database, name)) {
    const hasDefault = value !== null;
    const generated = hasDefault && (await isGenerated(database, name, column));
    columns.push({ name: column, type: text, nullable: !required, hasDefault, generated });
  }
  return columns;
}

/** One text of the table's columns and their types: it changes when they do. Null where there is no table. */
export async function tableDigest(database: Database, name: TableName): Promise<string | null> {
  try {
    return JSON.stringify(await tableInfo(database, name));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("Catalog Error")) return null;
    throw error;
  }
}

/**
 * Makes upserts into the table take turns, also those of other pipelines: each writes this row in its transaction, so that of
 * two at a time one conflicts and looks again. Without it both could insert the same new key, as no constraint forbids it.
 */
export async function takeTurn(database: Database, name: TableName): Promise<void> {
  await database.connection.run(`UPDATE ${turns(database)} SET upserts = upserts + 1 WHERE target = $target`, {
    target: key(name),
  });
}

/** Makes what `takeTurn` needs. */
export async function createTurn(database: Database, name: TableName): Promise<void> {
  await database.connection.run(
    `CREATE TABLE IF NOT EXISTS ${turns(database)} (target VARCHAR PRIMARY KEY, upserts BIGINT NOT NULL)`,
  );
  await database.connection.run(`INSERT INTO ${turns(database)} VALUES ($target, 0) ON CONFLICT DO NOTHING`, {
    target: key(name),
  });
}

const turns = (database: Database) => `${database.catalog}.${ownSchema}.upserts`;
const key = ({ schema, table }: TableName) => `${quoted(schema)}.${quoted(table)}`.toLowerCase();

async function tableInfo(database: Database, name: TableName): Promise<[string, string, boolean, string | null][]> {
  const reader = await database.connection.runAndReadAll(`SELECT name, type, "notnull", dflt_value FROM pragma_table_info($1)`, [
    qualified(database, name),
  ]);
  return reader.getRows() as [string, string, boolean, string | null][];
}

/** The catalog shows a generated column's expression as its default; only the binder tells the two apart. */
async function isGenerated(database: Database, name: TableName, column: string): Promise<boolean> {
  try {
    const statement = await database.connection.prepare(
      `INSERT INTO ${qualified(database, name)} (${quoted(column)}) VALUES (NULL)`,
    );
    statement.destroySync();
    return false;
  } catch (error) {
    if (error instanceof Error && /generated column/i.test(error.message)) return true;
    throw error;
  }
}
