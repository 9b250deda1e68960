import type { Column } from "./column.ts";
import { reservedPrefix } from "./sql-text.ts";

/** Rows ready to load: one Parquet file (zstd) in the scratch directory. Whoever holds it may read it until the batch is done. */
export interface Rows {
  /** Absolute path. */
  readonly path: string;
  /** Rows in the file, at least 1. */
  readonly count: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Columns of the file, in order: those of the target that the SQL yields. Where asked for, those of `originColumns` follow. */
  readonly columns: readonly Column[];
}

/** Columns of a rows' file that say where a row comes from, in a transformer that was opened with `origins`. Both are INTEGER. */
export const originColumns = {
  /** Index of its record's split in the batch's moves. */
  split: `${reservedPrefix}split`,
  /** Its record's ordinal. */
  ordinal: `${reservedPrefix}ordinal`,
} as const;

/** Records of one split that follow each other: those from the end of the run before on. */
export interface SplitRun {
  /** Index of the split in the batch's moves. */
  readonly split: number;
  /** The first ordinal that is no longer of the run. */
  readonly end: number;
}

/** A record that cannot become a row: its ordinal in the batch, and why, in a sentence without the record's values. */
export interface Reject {
  readonly ordinal: number;
  readonly error: string;
}

/** What the transform reads: newline-delimited JSON objects, each with its record's ordinal as the first member `_i`. */
export interface Lines {
  /** `bytes.subarray(0, length)` is the text; every line ends in a newline, and no line can run into the next. */
  readonly bytes: Buffer;
  readonly length: number;
  /** Records in the batch, the rejected ones included: ordinals are below it. */
  readonly count: number;
  /** Which split the records are of; together the runs hold every record. Needed with `origins`. */
  readonly runs?: readonly SplitRun[];
}

/** What became of a batch. */
export interface Transformed {
  /** null when no row came out: everything was filtered or rejected. */
  readonly rows: Rows | null;
  /** Ascending by ordinal, each ordinal once. */
  readonly rejects: readonly Reject[];
}
