import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectName } from "./object-name.ts";
import type { Store } from "./store.ts";
import type { ColumnDefinition, TableDefinition } from "./table-definition.ts";

/** A schema. */
export interface SchemaDefinition {
  readonly database: string;
  readonly name: string;
  readonly createdOnMs: number;
}

/** A view: its query in Snowflake's SQL, its names read in the database and schema of the view. */
export interface ViewDefinition {
  readonly name: ObjectName;
  readonly text: string;
  readonly columns: readonly ColumnDefinition[];
  readonly owner: string;
  readonly createdOnMs: number;
}

type Entry =
  | { readonly kind: "database"; readonly name: string; readonly createdOnMs: number }
  | ({ readonly kind: "schema" } & SchemaDefinition)
  | ({ readonly kind: "view" } & ViewDefinition)
  | { readonly kind: "table"; readonly table: TableDefinition };

/**
 * The catalog's objects: in memory, and in DuckDB's `snowline.objects`. Changes write in the connection's transaction and are seen
 * by `committed`; `rolledBack` forgets them.
 */
export class CatalogState {
  readonly #entries = new Map<string, Entry>();
  /** Temporary tables by session and name. */
  readonly #temporary = new Map<number, Map<string, TableDefinition>>();
  #pending: (() => void)[] = [];
  #lastId = 0;

  private constructor() {}

  /** Reads what the store has. */
  static async load(store: Store): Promise<CatalogState> {
    const state = new CatalogState();
    const connection = await store.connect();
    try {
      await connection.run("CREATE TABLE IF NOT EXISTS snowline.objects (key VARCHAR NOT NULL, entry VARCHAR NOT NULL)");
      const reader = await connection.runAndReadAll("SELECT key, entry FROM snowline.objects");
      for (const [key, text] of reader.getRows() as [string, string][]) {
        const entry = JSON.parse(text) as Entry;
        state.#entries.set(key, entry);
        if (entry.kind === "table") state.#lastId = Math.max(state.#lastId, entry.table.id);
      }
    } finally {
      connection.closeSync();
    }
    // Tables that were dropped since have had ids too.
    state.#lastId += 1_000_000;
    return state;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  databases(): readonly { readonly name: string; readonly createdOnMs: number }[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "database").toSorted(byName);
  }

  schemas(): readonly SchemaDefinition[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "schema").toSorted(byName);
  }

  views(): readonly ViewDefinition[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "view").toSorted(byObjectName);
  }

  view(name: ObjectName): ViewDefinition | null {
    const entry = this.#entries.get(objectKey(name));
    return entry?.kind === "view" ? entry : null;
  }

  table(name: ObjectName, sessionId: number | null): TableDefinition | null {
    const temporary = sessionId === null ? undefined : this.#temporary.get(sessionId)?.get(nameKey(name));
    if (temporary !== undefined) return temporary;
    const entry = this.#entries.get(objectKey(name));
    return entry?.kind === "table" ? entry.table : null;
  }

  tables(sessionId: number | null): readonly TableDefinition[] {
    const shared = [...this.#entries.values()].flatMap((entry) => (entry.kind === "table" ? [entry.table] : []));
    const temporary = sessionId === null ? [] : [...(this.#temporary.get(sessionId)?.values() ?? [])];
    return [...shared, ...temporary].toSorted(byObjectName);
  }

  async put(connection: DuckDBConnection, entry: Entry): Promise<void> {
    const key = entryKey(entry);
    await this.#delete(connection, [key]);
    await connection.run("INSERT INTO snowline.objects VALUES ($1, $2)", [key, JSON.stringify(entry)]);
    this.#pending.push(() => this.#entries.set(key, entry));
  }

  async putTable(connection: DuckDBConnection, table: TableDefinition, sessionId: number): Promise<void> {
    if (table.kind !== "temporary") return this.put(connection, { kind: "table", table });
    this.#pending.push(() => {
      const tables = this.#temporary.get(sessionId) ?? new Map<string, TableDefinition>();
      this.#temporary.set(sessionId, tables.set(nameKey(table.name), table));
    });
    return undefined;
  }

  async deleteTable(connection: DuckDBConnection, table: TableDefinition, sessionId: number): Promise<void> {
    if (table.kind !== "temporary") return this.#delete(connection, [objectKey(table.name)]);
    this.#pending.push(() => this.#temporary.get(sessionId)?.delete(nameKey(table.name)));
    return undefined;
  }

  deleteView(connection: DuckDBConnection, name: ObjectName): Promise<void> {
    return this.#delete(connection, [objectKey(name)]);
  }

  /** A whole schema, or with `schema` null a whole database. */
  deleteWithin(connection: DuckDBConnection, database: string, schema: string | null): Promise<void> {
    const gone = [...this.#entries].filter(([, entry]) => isWithin(entry, database, schema));
    return this.#delete(
      connection,
      gone.map(([key]) => key),
    );
  }

  committed(): void {
    for (const change of this.#pending) change();
    this.#pending = [];
  }

  rolledBack(): void {
    this.#pending = [];
  }

  endSession(sessionId: number): void {
    this.#temporary.delete(sessionId);
  }

  async #delete(connection: DuckDBConnection, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await connection.run("DELETE FROM snowline.objects WHERE key = $1", [key]);
      this.#pending.push(() => this.#entries.delete(key));
    }
  }
}

/** One text per name, whatever is in its parts. */
export function nameKey({ database, schema, name }: ObjectName): string {
  return JSON.stringify([database, schema, name]);
}

/** Tables and views share their names. */
function objectKey(name: ObjectName): string {
  return `object ${nameKey(name)}`;
}

function entryKey(entry: Entry): string {
  switch (entry.kind) {
    case "database":
      return `database ${JSON.stringify(entry.name)}`;
    case "schema":
      return `schema ${JSON.stringify([entry.database, entry.name])}`;
    case "view":
      return objectKey(entry.name);
    case "table":
      return objectKey(entry.table.name);
    default:
      return entry satisfies never;
  }
}

function isWithin(entry: Entry, database: string, schema: string | null): boolean {
  switch (entry.kind) {
    case "database":
      return schema === null && entry.name === database;
    case "schema":
      return entry.database === database && (schema === null || entry.name === schema);
    case "view":
      return entry.name.database === database && (schema === null || entry.name.schema === schema);
    case "table":
      return entry.table.name.database === database && (schema === null || entry.table.name.schema === schema);
    default:
      return entry satisfies never;
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
const byObjectName = (a: { readonly name: ObjectName }, b: { readonly name: ObjectName }) =>
  nameKey(a.name) < nameKey(b.name) ? -1 : 1;
