import type { DuckDBConnection } from "@duckdb/node-api";
import type { PipeFile } from "./pipe.ts";

/** A path that a pipe was told of is passed over for so long: 14 days, as in Snowflake. */
const rememberedMs = 14 * 24 * 3600 * 1000;

/** Files that pipes were told of, in `snowline.pipe_files` of the DuckDB database: those that wait, and those of the last 14 days. */
export class PipeQueue {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** The connection stays the caller's to close. */
  static async open(connection: DuckDBConnection): Promise<PipeQueue> {
    await connection.run("CREATE SCHEMA IF NOT EXISTS snowline");
    await connection.run(`CREATE TABLE IF NOT EXISTS snowline.pipe_files
      (pipe_id BIGINT NOT NULL, path VARCHAR NOT NULL, bytes BIGINT, received_ms BIGINT NOT NULL, done_ms BIGINT)`);
    return new PipeQueue(connection);
  }

  /** Adds those whose path the pipe was not told of in the last 14 days. */
  async add(pipeId: number, files: readonly Omit<PipeFile, "receivedMs">[], now: number): Promise<void> {
    await this.#connection.run("DELETE FROM snowline.pipe_files WHERE done_ms IS NOT NULL AND received_ms <= $since", {
      since: BigInt(now - rememberedMs),
    });
    for (const { path, bytes } of files) {
      await this.#connection.run(
        `INSERT INTO snowline.pipe_files SELECT $id, $path, $bytes, $now, NULL
         WHERE NOT EXISTS (SELECT 1 FROM snowline.pipe_files WHERE pipe_id = $id AND path = $path)`,
        { id: BigInt(pipeId), path, bytes: bytes === null ? null : BigInt(bytes), now: BigInt(now) },
      );
    }
  }

  /** Files that wait, oldest first. */
  async pending(pipeId: number): Promise<readonly PipeFile[]> {
    const reader = await this.#connection.runAndReadAll(
      "SELECT path, bytes, received_ms FROM snowline.pipe_files WHERE pipe_id = $id AND done_ms IS NULL ORDER BY received_ms, path",
      { id: BigInt(pipeId) },
    );
    return reader.getRowsJS().map(([path, bytes, receivedMs]) => ({
      path: path as string,
      bytes: bytes === null ? null : Number(bytes),
      receivedMs: Number(receivedMs),
    }));
  }

  /** These files wait no longer. */
  async done(pipeId: number, files: readonly PipeFile[], now: number): Promise<void> {
    const paths = JSON.stringify(files.map(({ path }) => path));
    await this.#connection.run(
      `UPDATE snowline.pipe_files SET done_ms = $now
       WHERE pipe_id = $id AND path IN (SELECT unnest(from_json($paths, '["VARCHAR"]')))`,
      { id: BigInt(pipeId), paths, now: BigInt(now) },
    );
  }

  /** Forgets all that a pipe was told of. */
  async forget(pipeId: number): Promise<void> {
    await this.#connection.run("DELETE FROM snowline.pipe_files WHERE pipe_id = $id", { id: BigInt(pipeId) });
  }
}
