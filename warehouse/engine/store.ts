import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { macros } from "./macros.ts";

/** The DuckDB database that keeps an account's rows and what the server knows about them. */
export interface Store extends AsyncDisposable {
  /**
   * A connection of one's own, in UTC, outside any transaction. Close it with `closeSync`. Besides Snowflake's schemas there is
   * the schema `snowline` for the server's own tables: every room makes its own there with CREATE TABLE IF NOT EXISTS.
   */
  connect(): Promise<DuckDBConnection>;
}

/** Threads per statement: more of them would only take turns, as several sessions load at a time on few cores. */
const threads = 2;

/** Opens the store in a file, or in memory where `path` is null. */
export async function openStore(path: string | null): Promise<Store> {
  if (path !== null) await mkdir(dirname(path), { recursive: true });
  const instance = await DuckDBInstance.create(path ?? ":memory:", {
    threads: String(threads),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connect = async () => {
    const connection = await instance.connect();
    await connection.run("SET SESSION TimeZone = 'UTC'");
    return connection;
  };
  const connection = await connect();
  await connection.run("CREATE SCHEMA IF NOT EXISTS snowline");
  for (const macro of macros) await connection.run(macro);
  connection.closeSync();
  return {
    connect,
    async [Symbol.asyncDispose]() {
      instance.closeSync();
    },
  };
}
