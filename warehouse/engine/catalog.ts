import type { DuckDBConnection } from "@duckdb/node-api";
import { SnowflakeError } from "../result.ts";
import { CatalogState, nameKey, type SchemaDefinition, type ViewDefinition } from "./catalog-state.ts";
import { duckdbType } from "./duckdb-types.ts";
import { Grants } from "./grants.ts";
import { type ObjectName, objectText } from "./object-name.ts";
import { physicalName, physicalSchema, physicalTable, quoted } from "./physical-name.ts";
import type { Store } from "./store.ts";
import type { ColumnDefinition, TableDefinition } from "./table-definition.ts";
import type { TableVersions } from "./table-versions.ts";

export type { SchemaDefinition, ViewDefinition } from "./catalog-state.ts";

/** What CREATE TABLE says. */
export interface CreateTable extends Omit<TableDefinition, "id" | "createdOnMs"> {
  /** DuckDB expressions of the columns' defaults, by the columns' names. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly sessionId: number;
  /** The session's connection, outside a transaction. */
  readonly connection: DuckDBConnection;
  /** DuckDB query whose rows it begins with; null: empty. */
  readonly rows: string | null;
  /** A table of this name is dropped in the same transaction. */
  readonly replace: boolean;
}

/** How a table changes. */
export interface AlterTable {
  readonly table: TableDefinition;
  readonly sessionId: number;
  /** What it becomes. Reads the table as it is now; null: nothing is to be done. */
  change(table: TableDefinition): { readonly changed: TableDefinition; readonly sql: readonly string[] } | null;
  /** The session's connection, outside a transaction. */
  readonly connection: DuckDBConnection;
}

/**
 * Databases, schemas, tables and views of the account. Reads are of what is committed. What changes it takes turns and commits
 * in a transaction of its own, with DuckDB's tables and the record of it in `snowline.objects`: run it by `SessionTransaction.ddl`.
 */
export class Catalog {
  readonly grants: Grants;
  readonly #state: CatalogState;
  readonly #versions: TableVersions;
  readonly #now: () => number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: { readonly state: CatalogState; readonly grants: Grants },
    versions: TableVersions,
    now: () => number,
  ) {
    this.#state = parts.state;
    this.grants = parts.grants;
    this.#versions = versions;
    this.#now = now;
  }

  /** Reads what the store has. */
  static async open(store: Store, options: { readonly versions: TableVersions; readonly now: () => number }): Promise<Catalog> {
    const { versions, now } = options;
    return new Catalog({ state: await CatalogState.load(store), grants: await Grants.open(store, now) }, versions, now);
  }

  databases(): readonly { readonly name: string; readonly createdOnMs: number }[] {
    return this.#state.databases();
  }

  /** All schemas of a database, or of all of them. */
  schemas(database?: string): readonly SchemaDefinition[] {
    return this.#state.schemas().filter((schema) => database === undefined || schema.database === database);
  }

  hasDatabase(database: string): boolean {
    return this.databases().some(({ name }) => name === database);
  }

  hasSchema(database: string, schema: string): boolean {
    return this.schemas(database).some(({ name }) => name === schema);
  }

  /** The table of that name; a temporary one of the session hides another. Null where there is none. */
  table(name: ObjectName, sessionId: number): TableDefinition | null {
    return this.#state.table(name, sessionId);
  }

  /** The table with that id, if it is there still. */
  tableById(id: number): TableDefinition | null {
    return this.#state.tables(null).find((table) => table.id === id) ?? null;
  }

  /** All tables a session sees, in order of their names; null: those that all see. */
  tables(sessionId: number | null): readonly TableDefinition[] {
    return this.#state.tables(sessionId);
  }

  view(name: ObjectName): ViewDefinition | null {
    return this.#state.view(name);
  }

  views(): readonly ViewDefinition[] {
    return this.#state.views();
  }

  /** Makes a database with its schema PUBLIC. */
  async createDatabase(name: string, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [`CREATE SCHEMA IF NOT EXISTS ${physicalSchema(name, "PUBLIC")}`], async () => {
      const createdOnMs = this.#now();
      await this.#state.put(connection, { kind: "database", name, createdOnMs });
      await this.#state.put(connection, { kind: "schema", database: name, name: "PUBLIC", createdOnMs });
    });
  }

  /** With all that is in it. */
  async dropDatabase(name: string, connection: DuckDBConnection): Promise<void> {
    const schemas = this.schemas(name);
    const sql = schemas.map((schema) => `DROP SCHEMA ${physicalSchema(name, schema.name)} CASCADE`);
    await this.#change(connection, sql, () => this.#state.deleteWithin(connection, name, null));
  }

  async createSchema(database: string, name: string, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [`CREATE SCHEMA IF NOT EXISTS ${physicalSchema(database, name)}`], () =>
      this.#state.put(connection, { kind: "schema", database, name, createdOnMs: this.#now() }),
    );
  }

  /** With all that is in it. */
  async dropSchema(database: string, name: string, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [`DROP SCHEMA ${physicalSchema(database, name)} CASCADE`], () =>
      this.#state.deleteWithin(connection, database, name),
    );
  }

  /** Throws SnowflakeError 002002 where an object of that name is there and is not to be replaced. */
  createTable(options: CreateTable): Promise<TableDefinition> {
    const { defaults, sessionId, connection, rows, replace, ...definition } = options;
    return this.#inTurn(async () => {
      const isTemporary = definition.kind === "temporary";
      const found = this.#state.table(definition.name, isTemporary ? sessionId : null);
      const present = isTemporary && found?.kind !== "temporary" ? null : found;
      if ((present !== null && !replace) || (!isTemporary && this.view(definition.name) !== null)) throw exists(definition.name);
      const table: TableDefinition = { ...definition, id: this.#state.nextId(), createdOnMs: this.#now() };
      const columns = table.columns.map((column) => columnSql(column, defaults.get(column.name) ?? null));
      // Under another name at first: the rows may be those of the table that it replaces.
      const made = { ...table, name: { ...table.name, name: `${table.name.name} ${table.id}` } };
      const sql = [
        `CREATE ${isTemporary ? "TEMPORARY " : ""}TABLE ${physicalName(made)} (${columns.join(", ")})`,
        ...(rows === null ? [] : [`INSERT INTO ${physicalName(made)} ${rows}`]),
        ...(present === null ? [] : [`DROP TABLE ${physicalName(present)}`]),
        `ALTER TABLE ${physicalName(made)} RENAME TO ${physicalTable(table)}`,
      ];
      await this.#commit(connection, sql, async () => {
        if (present !== null) await this.#state.deleteTable(connection, present, sessionId);
        await this.#state.putTable(connection, table, sessionId);
      });
      this.#versions.committed([table.id, ...(present === null ? [] : [present.id])]);
      return table;
    });
  }

  async dropTable(table: TableDefinition, sessionId: number, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [`DROP TABLE ${physicalName(table)}`], () =>
      this.#state.deleteTable(connection, table, sessionId),
    );
    this.#versions.committed([table.id]);
  }

  /** The table as it is afterwards. Throws SnowflakeError 002003 where it is gone. */
  alterTable({ table, sessionId, change, connection }: AlterTable): Promise<TableDefinition> {
    return this.#inTurn(async () => {
      const current = this.#state.table(table.name, sessionId);
      if (current?.id !== table.id) throw missing("Table", objectText(table.name));
      const changes = change(current);
      if (changes === null) return current;
      const renamed = nameKey(changes.changed.name) !== nameKey(current.name);
      if (renamed && this.#state.table(changes.changed.name, sessionId) !== null) throw exists(changes.changed.name);
      await this.#commit(connection, changes.sql, async () => {
        if (renamed) await this.#state.deleteTable(connection, current, sessionId);
        await this.#state.putTable(connection, changes.changed, sessionId);
      });
      this.#versions.committed([table.id]);
      return changes.changed;
    });
  }

  async createView(view: Omit<ViewDefinition, "createdOnMs">, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [], () => this.#state.put(connection, { kind: "view", ...view, createdOnMs: this.#now() }));
  }

  async dropView(name: ObjectName, connection: DuckDBConnection): Promise<void> {
    await this.#change(connection, [], () => this.#state.deleteView(connection, name));
  }

  /** Forgets a session's temporary tables, which end with its connection. */
  endSession(sessionId: number): void {
    this.#state.endSession(sessionId);
  }

  #change(connection: DuckDBConnection, sql: readonly string[], record: () => Promise<void>): Promise<void> {
    return this.#inTurn(() => this.#commit(connection, sql, record));
  }

  async #commit(connection: DuckDBConnection, sql: readonly string[], record: () => Promise<void>): Promise<void> {
    await connection.run("BEGIN TRANSACTION");
    try {
      for (const statement of sql) await connection.run(statement);
      await record();
      await connection.run("COMMIT");
      this.#state.committed();
    } catch (error) {
      this.#state.rolledBack();
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** A column in DuckDB's CREATE TABLE and ADD COLUMN. */
export function columnSql({ name, type, nullable }: ColumnDefinition, defaultSql: string | null): string {
  return `${quoted(name)} ${duckdbType(type)}${defaultSql === null ? "" : ` DEFAULT ${defaultSql}`}${nullable ? "" : " NOT NULL"}`;
}

/** Snowflake's error where an object is not there, or may not be seen. */
export function missing(kind: string, name: string): SnowflakeError {
  return new SnowflakeError(
    "002003",
    kind === "Table" || kind === "Object" ? "42S02" : "02000",
    `SQL compilation error:\n${kind} '${name}' does not exist or not authorized.`,
  );
}

/** Snowflake's error where an object is there already. */
export function exists(name: ObjectName): SnowflakeError {
  return new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${objectText(name)}' already exists.`);
}
