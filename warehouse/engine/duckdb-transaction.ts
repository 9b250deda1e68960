import type { DuckDBConnection } from "@duckdb/node-api";
import type { TableVersions } from "./table-versions.ts";
import type { Work } from "./transaction.ts";

/** Which tables a work touches, and which of them it changes. */
export interface TouchedTables {
  readonly touched: readonly number[];
  readonly written: readonly number[];
}

/**
 * How often works are run again because DuckDB refused them beside another transaction's: each time that one has committed, so
 * somebody gets on. Locks leave only changes of tables as a cause, which are rare.
 */
const attemptsMax = 8;

/** DuckDB reports by text only. */
const conflicts = /^TransactionContext Error:.*(?:onflict|altered|dropped|another transaction)|write-write conflict/s;

/**
 * A transaction over DuckDB's snapshots that reads what others committed before each statement, and that a failed statement does
 * not end. DuckDB can do neither, so the works that changed something are kept and run again on a new snapshot.
 */
export class DuckdbTransaction {
  readonly #connection: DuckDBConnection;
  readonly #versions: TableVersions;
  #works: Work<unknown>[] = [];
  readonly #written = new Set<number>();
  /** Commits up to this one are in the snapshot; null: DuckDB has no transaction open. */
  #snapshot: number | null = null;

  constructor(connection: DuckDBConnection, versions: TableVersions) {
    this.#connection = connection;
    this.#versions = versions;
  }

  async run<T>(work: Work<T>, { touched, written }: TouchedTables): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#refresh(touched, attempt > 1);
        const result = await work.run(this.#connection);
        if (work.writes.length > 0) {
          this.#works.push(work);
          for (const table of written) this.#written.add(table);
        }
        return result;
      } catch (error) {
        if (isConflict(error) && attempt < attemptsMax) continue;
        // What the work has left undone must not be seen; the works before it are still to be committed.
        await this.#restart();
        throw error;
      }
    }
  }

  async commit(): Promise<void> {
    try {
      for (let attempt = 1; this.#snapshot !== null; attempt += 1) {
        try {
          await this.#connection.run("COMMIT");
          break;
        } catch (error) {
          if (!isConflict(error) || attempt >= attemptsMax) throw error;
          await this.#restart();
        }
      }
      if (this.#written.size > 0) this.#versions.committed(this.#written);
      this.#forget();
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  async rollback(): Promise<void> {
    await this.#end();
    this.#forget();
  }

  /** Sees to a snapshot that has all that others committed to these tables. */
  async #refresh(tables: readonly number[], always: boolean): Promise<void> {
    if (this.#snapshot === null) return this.#begin();
    const snapshot = this.#snapshot;
    if (always || tables.some((table) => this.#versions.changedSince(table, snapshot))) await this.#restart();
  }

  async #restart(): Promise<void> {
    await this.#end();
    await this.#begin();
    for (const work of this.#works) await work.run(this.#connection);
  }

  async #begin(): Promise<void> {
    // Before DuckDB takes the snapshot: a commit in between is then taken for a newer one, which only costs another look.
    this.#snapshot = this.#versions.current;
    await this.#connection.run("BEGIN TRANSACTION");
  }

  async #end(): Promise<void> {
    if (this.#snapshot === null) return;
    this.#snapshot = null;
    // DuckDB ends it by itself where COMMIT failed.
    await this.#connection.run("ROLLBACK").catch((error: unknown) => {
      if (!/no transaction is active/i.test(String(error))) throw error;
    });
  }

  #forget(): void {
    this.#snapshot = null;
    this.#works = [];
    this.#written.clear();
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && conflicts.test(error.message);
}
