import type { DuckDBConnection } from "@duckdb/node-api";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Lookup } from "../crds/kinds/transform.ts";
import { areProblems } from "./check-columns.ts";
import type { Column } from "./column.ts";
import type { LockedDatabase } from "./locked-database.ts";
import { fetchLookup } from "./lookup-fetch.ts";
import { loadLookup } from "./lookup-load.ts";
import { compressionEnding, csvDelimiter, lookupColumns, lookupType, type LookupType } from "./lookup-spec.ts";
import { quoted } from "./duckdb-type.ts";
import { reservedPrefix } from "./sql-text.ts";

/** The lookups of a compiled pipeline and the database they are kept in. */
export interface LookupsOptions {
  readonly lookups: Readonly<Record<string, Lookup>>;
  readonly database: LockedDatabase;
  /** The database's directory. */
  readonly directory: string;
  path(text: string): string;
  now(): number;
  onLookup(name: string, error: string | null): void;
}

interface Table {
  readonly name: string;
  readonly lookup: Lookup;
  readonly columns: readonly Column[];
  readonly type: LookupType;
  readonly intervalMs: number;
  /** When the last reading ended. */
  readMs: number;
  /** A reading that goes on beside the batches. */
  reading: Promise<void> | null;
  /** True when a newer table waits to take the place of the present one. */
  waiting: boolean;
}

/** The lookup tables of a locked database, each read again when its time has come. */
export class Lookups {
  readonly #options: LookupsOptions;
  readonly #connection: DuckDBConnection;
  readonly #tables: Table[];
  readonly #abort = new AbortController();

  private constructor(options: LookupsOptions, connection: DuckDBConnection, tables: Table[]) {
    this.#options = options;
    this.#connection = connection;
    this.#tables = tables;
  }

  /** Reads them all. Throws with the lookup's name when one cannot be read. */
  static async open(options: LookupsOptions): Promise<Lookups> {
    const tables = Object.entries(options.lookups).map(([name, lookup]) => table(name, lookup));
    const lookups = new Lookups(options, await options.database.connect(), tables);
    for (const each of tables) {
      each.readMs = options.now();
      try {
        await lookups.#read(each);
      } catch (error) {
        options.onLookup(each.name, messageOf(error));
        throw new Error(`lookup ${each.name}: ${messageOf(error)}`, { cause: error });
      }
      options.onLookup(each.name, null);
    }
    await lookups.#takeOver();
    return lookups;
  }

  /**
   * Call it between batches. Starts the readings that are due and puts those that ended in place; batches go on meanwhile with
   * the former table. Only a table older than two intervals, as after an idle night, is waited for.
   */
  async refresh(): Promise<void> {
    await this.#takeOver();
    for (const each of this.#tables) {
      const ageMs = this.#options.now() - each.readMs;
      if (each.intervalMs === 0 || ageMs < each.intervalMs) continue;
      each.reading ??= this.#readAgain(each);
      if (ageMs >= 2 * each.intervalMs) await each.reading;
    }
    await this.#takeOver();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    for (const each of this.#tables) await each.reading;
    this.#connection.closeSync();
  }

  async #readAgain(each: Table): Promise<void> {
    try {
      await this.#read(each);
      this.#options.onLookup(each.name, null);
    } catch (error) {
      if (!this.#abort.signal.aborted)
        this.#options.onLookup(each.name, `lookup ${each.name}: ${messageOf(error)}; the former table stays`);
    } finally {
      each.readMs = this.#options.now();
      each.reading = null;
    }
  }

  /** Reads into a table beside the present one. */
  async #read(each: Table): Promise<void> {
    const file = join(this.#options.directory, `lookup-${each.name}.${each.type}${compressionEnding(each.lookup)}`);
    try {
      await fetchLookup(each.lookup, { into: file, path: (text) => this.#options.path(text), signal: this.#abort.signal });
      await loadLookup(this.#connection, {
        file,
        type: each.type,
        delimiter: csvDelimiter(each.lookup),
        columns: each.columns,
        table: staging(each.name),
      });
      each.waiting = true;
    } finally {
      await rm(file, { force: true });
    }
  }

  async #takeOver(): Promise<void> {
    const { connection } = this.#options.database;
    for (const each of this.#tables) {
      if (!each.waiting) continue;
      each.waiting = false;
      await connection.run("BEGIN");
      try {
        await connection.run(`DROP TABLE IF EXISTS ${quoted(each.name)}`);
        await connection.run(`ALTER TABLE ${quoted(staging(each.name))} RENAME TO ${quoted(each.name)}`);
        await connection.run("COMMIT");
      } catch (error) {
        await connection.run("ROLLBACK");
        throw error;
      }
    }
  }
}

function table(name: string, lookup: Lookup): Table {
  const columns = lookupColumns(name, lookup);
  const type = lookupType(lookup);
  if (areProblems(columns) || type === null) throw new Error(`lookup ${name}: it was not compiled`);
  return { name, lookup, columns, type, intervalMs: lookup.refreshSeconds * 1000, readMs: 0, reading: null, waiting: false };
}

function staging(name: string): string {
  return `${reservedPrefix}next_${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
