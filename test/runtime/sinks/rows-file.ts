import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Column } from "../../../transform/column.ts";
import { quoted } from "../../../transform/duckdb-type.ts";
import { parquetType } from "../../../transform/parquet-types.ts";
import { originColumns, type Rows } from "../../../transform/rows.ts";

/** Makes hand-over files as the transform does: cast to the column's type, then to how it travels, Parquet with zstd. */
export interface RowsMaker extends Disposable {
  /** `query` yields the columns by name; they are a target's where that says how they travel. */
  rows(query: string, columns: readonly TravellingColumn[]): Promise<Rows>;
  /** Likewise where rows say where they come from: `query` yields `originColumns`, too. */
  originRows(query: string, columns: readonly TravellingColumn[]): Promise<Rows>;
  readonly connection: DuckDBConnection;
}

type TravellingColumn = Column & { readonly asText?: boolean };

/** Opens a maker that puts its files into `directory`. */
export async function openRowsMaker(directory: string): Promise<RowsMaker> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const make = async (query: string, columns: readonly TravellingColumn[], origins: readonly string[]): Promise<Rows> => {
    const path = join(directory, `${randomUUID()}.parquet`);
    const casts = columns.map(({ name, type, asText = false }) => {
      const travels = asText ? "VARCHAR" : parquetType(type);
      return `CAST(CAST(${quoted(name)} AS ${type}) AS ${travels}) AS ${quoted(name)}`;
    });
    const result = await connection.run(
      `COPY (SELECT ${[...casts, ...origins].join(", ")} FROM (${query})) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    return {
      path,
      count: result.rowsChanged,
      bytes: (await stat(path)).size,
      columns: columns.map(({ name, type }) => ({ name, type })),
    };
  };
  return {
    connection,
    rows: (query, columns) => make(query, columns, []),
    originRows: (query, columns) => make(query, columns, Object.values(originColumns)),
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

/** The same with where they come from: each row's record is its index, and `splits` says its split in the moves. */
export function originValues(rows: Parameters<typeof values>[0], splits: readonly number[] = rows.map(() => 0)): string {
  const tuples = rows.map(({ id, text }, index) => {
    const quotedText = text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`;
    return `(${id}, ${quotedText}, ${splits[index] ?? 0}::INTEGER, ${index}::INTEGER)`;
  });
  return `SELECT * FROM (VALUES ${tuples.join(", ")}) AS t(id, text, ${originColumns.split}, ${originColumns.ordinal})`;
}
