import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectName } from "../engine/object-name.ts";

/** How the load of a file ended. */
export type LoadStatus = "LOADED" | "LOAD_FAILED" | "PARTIALLY_LOADED";

/** One file that a COPY or a pipe has read into a table. */
export interface LoadedFile {
  readonly tableId: number;
  readonly table: ObjectName;
  /** The stage's own key: two stages of the same name, one made after the other was dropped, have two. */
  readonly stageKey: string;
  /** As COPY_HISTORY shows it: `@DB.SCHEMA.STAGE/` or the address of an external stage. */
  readonly stageLocation: string;
  /** Path within the stage. */
  readonly path: string;
  readonly etag: string;
  readonly bytes: number;
  readonly status: LoadStatus;
  readonly rowsParsed: number;
  readonly rowsLoaded: number;
  readonly errorsSeen: number;
  readonly errorLimit: number;
  readonly firstError: {
    readonly message: string;
    readonly line: number;
    readonly character: number;
    readonly column: string;
  } | null;
  /** Milliseconds since the epoch. */
  readonly lastLoadMs: number;
  readonly pipe: ObjectName | null;
  /** When a pipe was told of the file, in milliseconds since the epoch; null for COPY. */
  readonly receivedMs: number | null;
  readonly queryId: string;
}

/** Which of the account's loads are wanted; what is absent does not matter. */
export interface LoadFilter {
  readonly table?: ObjectName;
  readonly pipe?: ObjectName;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A file that has been loaded is passed over for so long: Snowflake keeps load metadata for 64 days. */
const loadMetadataMs = 64 * 24 * 3600 * 1000;

/** Rows that `list` gives at most, as Snowflake's COPY_HISTORY does. */
const rowsMax = 10_000;

const insert = `INSERT INTO snowline.copy_history VALUES ($tableId, $database, $schema, $table, $stageKey, $stageLocation, $path, $etag,
  $bytes, $status, $rowsParsed, $rowsLoaded, $errorsSeen, $errorLimit, $firstError, $firstErrorLine, $firstErrorCharacter, $firstErrorColumn,
  $lastLoadMs, $pipeDatabase, $pipeSchema, $pipeName, $receivedMs, $queryId)`;

/**
 * What was loaded from which file into which table, in `snowline.copy_history` of the DuckDB database. It is both Snowflake's load
 * metadata (what COPY passes over) and its COPY_HISTORY. `add` writes in the connection's transaction, so that a rollback undoes it.
 */
export class CopyHistory {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** The connection stays the caller's to close, and is used by nobody else. */
  static async open(connection: DuckDBConnection): Promise<CopyHistory> {
    await connection.run("CREATE SCHEMA IF NOT EXISTS snowline");
    await connection.run(`CREATE TABLE IF NOT EXISTS snowline.copy_history (
      table_id BIGINT NOT NULL, table_catalog_name VARCHAR NOT NULL, table_schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
      stage_key VARCHAR NOT NULL, stage_location VARCHAR NOT NULL, file_name VARCHAR NOT NULL, etag VARCHAR NOT NULL,
      file_size BIGINT NOT NULL, status VARCHAR NOT NULL, row_parsed BIGINT NOT NULL, row_count BIGINT NOT NULL,
      error_count BIGINT NOT NULL, error_limit BIGINT NOT NULL, first_error_message VARCHAR, first_error_line_number BIGINT,
      first_error_character_pos BIGINT, first_error_column_name VARCHAR, last_load_ms BIGINT NOT NULL,
      pipe_catalog_name VARCHAR, pipe_schema_name VARCHAR, pipe_name VARCHAR, pipe_received_ms BIGINT, query_id VARCHAR NOT NULL)`);
    return new CopyHistory(connection);
  }

  /** Etags of the files that this table has, by `stageKey` and path, as the transaction of the connection sees it. */
  async loaded(connection: DuckDBConnection, tableId: number, now: number): Promise<ReadonlyMap<string, string>> {
    const reader = await connection.runAndReadAll(
      `SELECT stage_key || '/' || file_name AS file, arg_max(etag, last_load_ms) AS etag FROM snowline.copy_history
       WHERE table_id = $tableId AND status <> 'LOAD_FAILED' AND last_load_ms > $since GROUP BY ALL`,
      { tableId: BigInt(tableId), since: BigInt(now - loadMetadataMs) },
    );
    return new Map(reader.getRowObjectsJS().map((row) => [row["file"] as string, row["etag"] as string]));
  }

  /** Writes in the transaction of the connection. */
  async add(connection: DuckDBConnection, files: readonly LoadedFile[]): Promise<void> {
    if (files.length === 0) return;
    const statement = await connection.prepare(insert);
    try {
      for (const file of files) {
        statement.bind(values(file));
        await statement.run();
      }
    } finally {
      statement.destroySync();
    }
  }

  /** Writes what belongs to no transaction: loads that failed. */
  async addFailed(files: readonly LoadedFile[]): Promise<void> {
    await this.add(this.#connection, files);
  }

  /** Loads that are committed, oldest first, at most `rowsMax`. */
  async list(filter: LoadFilter): Promise<readonly LoadedFile[]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT * FROM snowline.copy_history
       WHERE ($table IS NULL OR (table_catalog_name = $tableDatabase AND table_schema_name = $tableSchema AND table_name = $table)) AND last_load_ms >= $from AND last_load_ms < $to
         AND ($pipe IS NULL OR (pipe_catalog_name = $pipeDatabase AND pipe_schema_name = $pipeSchema AND pipe_name = $pipe))
       ORDER BY last_load_ms, file_name LIMIT ${rowsMax}`,
      {
        table: filter.table?.name ?? null,
        tableDatabase: filter.table?.database ?? null,
        tableSchema: filter.table?.schema ?? null,
        from: BigInt(filter.fromMs ?? 0),
        to: BigInt(filter.toMs ?? Number.MAX_SAFE_INTEGER),
        pipe: filter.pipe?.name ?? null,
        pipeDatabase: filter.pipe?.database ?? null,
        pipeSchema: filter.pipe?.schema ?? null,
      },
    );
    return reader.getRowObjectsJS().map(fromRow);
  }

  /** A table's load metadata is forgotten with its rows: TRUNCATE and DROP. Writes in the transaction of the connection. */
  async forget(connection: DuckDBConnection, tableId: number): Promise<void> {
    await connection.run("UPDATE snowline.copy_history SET table_id = -1 WHERE table_id = $tableId", {
      tableId: BigInt(tableId),
    });
  }
}

function values(file: LoadedFile): Record<string, bigint | string | null> {
  return {
    tableId: BigInt(file.tableId),
    database: file.table.database,
    schema: file.table.schema,
    table: file.table.name,
    stageKey: file.stageKey,
    stageLocation: file.stageLocation,
    path: file.path,
    etag: file.etag,
    bytes: BigInt(file.bytes),
    status: file.status,
    rowsParsed: BigInt(file.rowsParsed),
    rowsLoaded: BigInt(file.rowsLoaded),
    errorsSeen: BigInt(file.errorsSeen),
    errorLimit: BigInt(file.errorLimit),
    firstError: file.firstError?.message ?? null,
    firstErrorLine: file.firstError === null ? null : BigInt(file.firstError.line),
    firstErrorCharacter: file.firstError === null ? null : BigInt(file.firstError.character),
    firstErrorColumn: file.firstError?.column ?? null,
    lastLoadMs: BigInt(file.lastLoadMs),
    pipeDatabase: file.pipe?.database ?? null,
    pipeSchema: file.pipe?.schema ?? null,
    pipeName: file.pipe?.name ?? null,
    receivedMs: file.receivedMs === null ? null : BigInt(file.receivedMs),
    queryId: file.queryId,
  };
}

function fromRow(row: Readonly<Record<string, unknown>>): LoadedFile {
  const pipeName = row["pipe_name"];
  const error = row["first_error_message"];
  return {
    tableId: Number(row["table_id"]),
    table: {
      database: row["table_catalog_name"] as string,
      schema: row["table_schema_name"] as string,
      name: row["table_name"] as string,
    },
    stageKey: row["stage_key"] as string,
    stageLocation: row["stage_location"] as string,
    path: row["file_name"] as string,
    etag: row["etag"] as string,
    bytes: Number(row["file_size"]),
    status: row["status"] as LoadStatus,
    rowsParsed: Number(row["row_parsed"]),
    rowsLoaded: Number(row["row_count"]),
    errorsSeen: Number(row["error_count"]),
    errorLimit: Number(row["error_limit"]),
    firstError:
      error === null
        ? null
        : {
            message: error as string,
            line: Number(row["first_error_line_number"]),
            character: Number(row["first_error_character_pos"]),
            column: row["first_error_column_name"] as string,
          },
    lastLoadMs: Number(row["last_load_ms"]),
    pipe:
      pipeName === null
        ? null
        : { database: row["pipe_catalog_name"] as string, schema: row["pipe_schema_name"] as string, name: pipeName as string },
    receivedMs: row["pipe_received_ms"] === null ? null : Number(row["pipe_received_ms"]),
    queryId: row["query_id"] as string,
  };
}
