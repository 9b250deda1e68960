import { access } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckdbSink } from "../../../crds/connectors/duckdb.ts";
import type { Column } from "../../../transform/column.ts";
import { quoted } from "../../../transform/duckdb-type.ts";
import type { TableColumn } from "../../component/table-plan.ts";
import { steered } from "./duckdb-errors.ts";
import { readTable } from "./table.ts";
import { planTable } from "./table-plan.ts";

/** What the sink would do to its table before it loads. */
export interface DuckdbSinkPlan {
  /** False: the sink would make it. */
  readonly databaseExists: boolean;
  readonly tableExists: boolean;
  /** What it would run first. Names in it lack the database's own name, so that they can be run by hand. */
  readonly statements: readonly string[];
  /** Why it could not load: what the manifest does not allow; each a sentence with the way out. */
  readonly problems: readonly string[];
}

/**
 * Says what the sink would do for rows with these columns, by a look at the database file that writes nothing. Throws
 * NotConnected while another process holds the file, and Terminal where it is no database.
 * @param path absolute path of the database file
 */
export async function planDuckdbSink(spec: DuckdbSink, path: string, columns: readonly Column[]): Promise<DuckdbSinkPlan> {
  const databaseExists = await access(path).then(
    () => true,
    () => false,
  );
  const existing = databaseExists ? await existingTable(spec, path) : null;
  const table = `${quoted(spec.schema)}.${quoted(spec.table)}`;
  const { key = null, deleteWhen = null } = spec.mode.upsert ?? {};
  const plan = planTable({ table, existing, columns, evolution: spec.schemaEvolution, key, deleteWhen });
  const tableExists = existing !== null;
  if (plan.kind === "refused") return { databaseExists, tableExists, statements: [], problems: plan.problems };
  const schema =
    tableExists || spec.schema.toLowerCase() === "main" ? [] : [`CREATE SCHEMA IF NOT EXISTS ${quoted(spec.schema)}`];
  return { databaseExists, tableExists, statements: [...schema, ...plan.statements], problems: [] };
}

async function existingTable(spec: DuckdbSink, path: string): Promise<readonly TableColumn[] | null> {
  try {
    const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
    const connection = await instance.connect();
    try {
      const catalog = String((await connection.runAndReadAll("SELECT current_database()")).getRows()[0]?.[0]);
      return await readTable({ connection, catalog: quoted(catalog), close: () => Promise.resolve() }, spec);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } catch (error) {
    throw steered(error, path);
  }
}
