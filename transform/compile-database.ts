import type { DuckDBConnection } from "@duckdb/node-api";
import { aggregateNames } from "./accept-statement.ts";
import { openLockedDatabase } from "./locked-database.ts";

/** Compiling holds empty tables only. */
const memoryBytes = 128 * 1024 * 1024;

/** A database to compile in, one SQL after the other: opening one takes longer than compiling does. */
export interface CompileDatabase extends Disposable {
  readonly connection: DuckDBConnection;
  /** Names of the functions that aggregate rows, in lower case. */
  readonly aggregates: ReadonlySet<string>;
}

/** Opens one that reaches nothing outside. Of SQL that was given up in it DuckDB may go on: then it is to be disposed of. */
export async function openCompileDatabase(): Promise<CompileDatabase> {
  const { connection, close } = await openLockedDatabase({ directory: null, memoryBytes, threads: 1 });
  try {
    return { connection, aggregates: await aggregateNames(connection), [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Calls with a catalog that is as it was once that is done. */
export async function leavingNothing<T>({ connection }: CompileDatabase, call: () => Promise<T>): Promise<T> {
  await connection.run("BEGIN TRANSACTION");
  try {
    return await call();
  } finally {
    await connection.run("ROLLBACK");
  }
}
