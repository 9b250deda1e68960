import { mkdir, realpath } from "node:fs/promises";
import { totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { quoted } from "../../../transform/duckdb-type.ts";

/** Loading reads one Parquet file and appends: one thread is the cheapest per row, and the transform needs the other core. */
const threads = 1;
/** DuckDB keeps what it wrote in memory up to its limit, so the limit is memory that the transform cannot have: a quarter, … */
const memoryShare = 1 / 4;
/** … but enough for one batch's row groups, … */
const memoryBytesMin = 128 * 2 ** 20;
/** … and no more than pays: beyond it only large upserts spill less to disk. */
const memoryBytesMax = 512 * 2 ** 20;

/** A connection to a database file. */
export interface Database {
  readonly connection: DuckDBConnection;
  /** The database's own name, quoted: every statement says it, because a file `snowline.duckdb` is called like our schema. */
  readonly catalog: string;
  close(): Promise<void>;
}

/**
 * Opens a database file, made with its directory if absent. In one process all who open a file share DuckDB's instance of it
 * (two instances would destroy it: file locks do not hold inside a process); another process is refused by DuckDB.
 * Commits are durable: DuckDB syncs its write-ahead log before COMMIT returns, and moves the log into the file at 16 MiB.
 *
 * No statement of an owner runs here, only the sink's own. It reads the hand-over files, so external access stays on (DuckDB
 * cannot allow a second pipeline's directory once it is off); extensions are neither installed nor loaded.
 */
export async function openDatabase(path: string): Promise<Database> {
  await mkdir(dirname(path), { recursive: true });
  const instance = await DuckDBInstance.fromCache(await canonicalPath(path));
  let connection: DuckDBConnection | undefined;
  const close = async () => {
    // Here it runs off the event loop; closing would do it on it. It fails while others write: then the last one does it.
    await connection?.run("CHECKPOINT").catch(() => undefined);
    connection?.closeSync();
    instance.closeSync();
  };
  try {
    connection = await instance.connect();
    for (const setting of settings()) await connection.run(`SET ${setting}`);
    const name = (await connection.runAndReadAll("SELECT current_database()")).getRows()[0]![0] as string;
    return { connection, catalog: quoted(name), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function settings(): readonly string[] {
  const constrained = process.constrainedMemory();
  const memory = Math.min(constrained > 0 ? constrained : Number.POSITIVE_INFINITY, totalmem()) * memoryShare;
  return [
    `threads = ${threads}`,
    `memory_limit = '${Math.floor(Math.min(Math.max(memory, memoryBytesMin), memoryBytesMax))}B'`,
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "allow_community_extensions = false",
    "SESSION TimeZone = 'UTC'",
  ];
}

/** One spelling per file, so that the cache knows it again through links. */
async function canonicalPath(path: string): Promise<string> {
  return realpath(path).catch(async () => join(await realpath(dirname(path)), basename(path)));
}
