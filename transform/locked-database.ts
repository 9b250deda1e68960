import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import { literal } from "./sql-text.ts";

/** What the database may use. */
export interface LockedDatabaseOptions {
  /** The only directory it may touch; null: none. */
  readonly directory: string | null;
  /** DuckDB's memory limit. */
  readonly memoryBytes: number;
  readonly threads: number;
}

/** An in-memory DuckDB that reaches nothing but its directory. Close it with `close`. */
export interface LockedDatabase {
  readonly connection: DuckDBConnection;
  /** A second connection to the same tables. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/**
 * Opens an in-memory database for SQL that somebody else wrote: no files, no network, no extensions, no other databases,
 * no settings; and the configuration cannot be changed any more. It computes in UTC.
 */
export async function openLockedDatabase(options: LockedDatabaseOptions): Promise<LockedDatabase> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads),
    memory_limit: `${Math.floor(options.memoryBytes)}B`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
    // A file of the same name holds another batch: what was cached of it is wrong.
    enable_external_file_cache: "false",
    temp_directory: options.directory ?? "",
  });
  try {
    const connection = await instance.connect();
    for (const statement of locks(options.directory)) await connection.run(statement);
    return { connection, connect: () => instance.connect(), close: () => instance.closeSync() };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

function locks(directory: string | null): string[] {
  return [
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL Calendar = 'gregorian'",
    "SET GLOBAL errors_as_json = true",
    ...(directory === null ? [] : [`SET allowed_directories = [${literal(directory)}]`]),
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ];
}

/** All rows of a query as arrays. */
export async function rowsOf(connection: DuckDBConnection, sql: string, values?: DuckDBValue[]): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRows();
}
