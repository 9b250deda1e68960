import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../engine/physical-name.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";
import type { FileFormat } from "../stages/file-format.ts";
import type { FileValue } from "./column-fit.ts";
import type { HeldFile } from "./held-files.ts";

/** What is wanted of a file. */
export interface SourceOptions {
  /** Where the file is looked at; nothing is changed there. */
  readonly connection: DuckDBConnection;
  readonly file: HeldFile;
  readonly format: FileFormat;
  /** Fields that every record has to have; null: as many as there are. Of CSV only. */
  readonly fields: number | null;
  /** The largest field that is read by its number. Of CSV only. */
  readonly fieldMax: number;
  /** First steps of paths that are read of each record, as `$1:"name"`. Of Parquet only. */
  readonly steps: readonly RecordStep[];
  /** Columns are looked for by their names. */
  readonly names: boolean;
}

/** A step from a record to a member of it, which is a column of the relation. */
export interface RecordStep {
  readonly member: string;
  /** What the query casts it to at once; null: to nothing, or to what only the query itself can cast to. */
  readonly cast: SnowflakeType | null;
  /** The column's name in the relation. */
  readonly column: string;
}

/** The records of a file as a DuckDB relation. */
export interface FileSource {
  /**
   * A query whose rows are the records that can be read, in order: fields `"$1"`, `"$2"`, … (of JSON and Parquet only `"$1"`, as
   * JSON), a column for each step, `"METADATA$…"`, and the columns that `named` names. Reading fails where a record cannot be read.
   */
  readonly query: string;
  /** The same without the records that cannot be read. */
  readonly tolerant: string;
  /** Columns of the file by their names; null where it has none. JSON has those of its documents. */
  readonly named: readonly (FileValue & { readonly name: string })[] | null;
  /** Records that `tolerant` leaves out: known after it was read in `connection`. */
  rejects(): Promise<Rejects>;
  /** Lines before the first record. */
  readonly linesBefore: number;
}

/** Records that cannot be read. */
export interface Rejects {
  readonly count: number;
  readonly first: { readonly code: string; readonly message: string; readonly line: number; readonly character: number } | null;
}

/** Counts a relation's records from 1. No column of a file is called so. */
export const recordColumn = '"snowline record"';

/** The columns that tell of the file, for a relation that has `row`, counted from 1. */
export function metadata({ path, etag, modifiedMs }: HeldFile, row: string): string {
  return [
    `${literal(path)} AS "METADATA$FILENAME"`,
    `${row} AS "METADATA$FILE_ROW_NUMBER"`,
    `${literal(etag)} AS "METADATA$FILE_CONTENT_KEY"`,
    `make_timestamp(${modifiedMs} * 1000) AS "METADATA$FILE_LAST_MODIFIED"`,
    `CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP) AS "METADATA$START_SCAN_TIME"`,
  ].join(", ");
}
