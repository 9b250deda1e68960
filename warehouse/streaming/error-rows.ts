import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../engine/physical-name.ts";

/** Rows that were rejected from tables with ERROR_LOGGING, of all tables. */
const errorRows = "snowline.error_rows";

/** The DuckDB query that answers `SELECT * FROM ERROR_TABLE(t)` for the table with this id, in the form `( … )`. */
export function errorTableQuery(tableId: number): string {
  return `(SELECT "TIMESTAMP", QUERY_ID, ERROR_CODE, ERROR_METADATA, ERROR_DATA FROM ${errorRows} WHERE table_id = ${tableId})`;
}

/** Makes the table if absent. Every connection to the database sees it. */
export async function createErrorRows(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${errorRows} (table_id BIGINT NOT NULL, "TIMESTAMP" TIMESTAMPTZ, QUERY_ID VARCHAR, ERROR_CODE DECIMAL(38,0), ERROR_METADATA JSON, ERROR_DATA JSON)`,
  );
}

/** What is recorded with rejected rows. */
export interface RejectedRows {
  readonly tableId: number;
  /** DuckDB query of `line`, `message`, `source` (column or NULL), `code` and `content` (`json`, `json-invalid`). */
  readonly rows: string;
  readonly pipe: string;
  readonly channel: string;
  readonly offsetLowerBound: string | null;
  readonly offsetUpperBound: string | null;
  readonly nowMs: number;
}

/** Records rejected rows, in the transaction of the connection. */
export async function recordErrors(connection: DuckDBConnection, rejected: RejectedRows): Promise<void> {
  const bound = (token: string | null) => (token === null ? "NULL" : literal(token));
  const details = `json_object('pipe_name', ${literal(rejected.pipe)}, 'channel_name', ${literal(rejected.channel)}, 'offset_token_lower_bound', ${bound(rejected.offsetLowerBound)}, 'offset_token_upper_bound', ${bound(rejected.offsetUpperBound)}, 'error_data_truncated', false, 'error_data_content_type', content)`;
  await connection.run(
    `INSERT INTO ${errorRows} SELECT ${rejected.tableId}, make_timestamptz(${rejected.nowMs} * 1000), NULL, code,
       json_object('service', 'snowpipe_streaming', 'error_message', message, 'error_source', source, 'details', ${details}),
       json_object('$1', line) FROM (${rejected.rows})`,
  );
}
