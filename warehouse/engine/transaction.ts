import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectName } from "./object-name.ts";

/** What a statement does to the tables, so that locks and snapshots are right before it runs. */
export interface Work<T> {
  readonly reads: readonly ObjectName[];
  /** `lock`: UPDATE, DELETE, MERGE: waits for the table's lock and holds it until the transaction ends. `append`: INSERT, COPY: never waits. */
  readonly writes: readonly { readonly table: ObjectName; readonly access: "append" | "lock" }[];
  /**
   * Runs in the transaction's DuckDB connection. READ COMMITTED: where another transaction has committed to one of these tables
   * since this one's DuckDB snapshot, the engine rolls back, runs the works of this transaction again on a new snapshot, and then
   * this one. So it has to give the same effects again, and only its last answer counts.
   */
  run(connection: DuckDBConnection): Promise<T>;
}

/** The one transaction of a session. */
export interface SessionTransaction {
  /** Snowflake's transaction id (SHOW TRANSACTIONS, SYSTEM$ABORT_TRANSACTION); null where none is open. */
  readonly id: bigint | null;
  /**
   * Runs in the open transaction, or in one of its own that commits at its end (with AUTOCOMMIT off, it begins one that stays
   * open). A failure undoes this work only. The signal ends both waiting for a lock and the work, with SnowflakeError 000604.
   */
  run<T>(work: Work<T>, options: RunOptions): Promise<T>;
  /**
   * Runs DDL: commits the open transaction first, as Snowflake does, then gives the session's connection, outside a transaction.
   * `run` begins and commits by itself.
   */
  ddl<T>(run: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  begin(name: string | null): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** The session ended. An open transaction stays, with its locks, until it was idle for long or is aborted. */
  detach(): Promise<void>;
}

/** For whom a work runs. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Named in the errors of those who wait for its locks. */
  readonly queryId: string;
  /** LOCK_TIMEOUT of the session. */
  readonly lockTimeoutSeconds: number;
  readonly autocommit: boolean;
}
