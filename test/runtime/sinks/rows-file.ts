import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Column } from "../../../transform/column.ts";
import { quoted } from "../../../transform/duckdb-type.ts";
import { parquetType } from "../../../transform/parquet-types.ts";
import type { Rows } from "../../../transform/rows.ts";

/** Makes hand-over files as the transform does: cast to the column's type, then to how it travels, Parquet with zstd. */
export interface RowsMaker extends Disposable {
  /** `query` yields the columns by name; they are a target's where that says how they travel. */
  rows(query: string, columns: readonly (Column & { readonly asText?: boolean })[]): Promise<Rows>;
  readonly connection: DuckDBConnection;
}

/** Opens a maker that puts its files into `directory`. */
export async function openRowsMaker(directory: string): Promise<RowsMaker> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  return {
    connection,
    async rows(query, columns) {
      const path = join(directory, `${randomUUID()}.parquet`);
      const casts = columns.map(({ name, type, asText = false }) => {
        const travels = asText ? "VARCHAR" : parquetType(type);
        return `CAST(CAST(${quoted(name)} AS ${type}) AS ${travels}) AS ${quoted(name)}`;
      });
      const result = await connection.run(
        `COPY (SELECT ${casts.join(", ")} FROM (${query})) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
      );
      return {
        path,
        count: result.rowsChanged,
        bytes: (await stat(path)).size,
        columns: columns.map(({ name, type }) => ({ name, type })),
      };
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The suite's rows as a query. */
export function values(rows: readonly { readonly id: number; readonly text: string | null }[]): string {
  const tuples = rows.map(({ id, text }) => `(${id}, ${text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`})`);
  return `SELECT * FROM (VALUES ${tuples.join(", ")}) AS t(id, text)`;
}
