import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A row as it should come out. */
export interface TopicRow {
  readonly file: string;
  readonly n: number;
  readonly text: string;
}

/** The records of a small pipeline: files of JSON lines, some records to be left out by the SQL, some that cannot become rows. */
export interface SmallTopic {
  readonly files: readonly string[];
  readonly records: number;
  /** What the table should hold, in order of file and number. */
  readonly rows: readonly TopicRow[];
  /** Values of the records that cannot become rows. */
  readonly rejected: readonly string[];
}

/** The SQL of the small pipeline. */
export const smallSql = "SELECT file, n, upper(text) AS text FROM source WHERE n % 7 <> 3";
/** Its declared columns. */
export const smallColumns = { file: "VARCHAR", n: "BIGINT", text: "VARCHAR" };

/** The `n`th record of a file: what is written, and the row that should come of it. */
export function smallRecord(
  file: string,
  n: number,
): { readonly value: string; readonly row: TopicRow | null; readonly rejected: boolean } {
  const text = `row ${n} of ${file}`;
  const rejected = n % 11 === 5;
  const value = JSON.stringify({ file, n: rejected ? `no number ${n}` : n, text });
  const left = rejected || n % 7 === 3;
  return { value, row: left ? null : { file, n, text: text.toUpperCase() }, rejected };
}

/** Writes the files into `directory`. */
export async function writeSmallTopic(
  directory: string,
  shape: { readonly files: number; readonly recordsPerFile: number },
): Promise<SmallTopic> {
  await mkdir(directory, { recursive: true });
  const files = Array.from({ length: shape.files }, (_, index) => `f${index}`);
  const all = files.map((file) => Array.from({ length: shape.recordsPerFile }, (_, n) => smallRecord(file, n)));
  await Promise.all(
    files.map((file, index) =>
      writeFile(join(directory, `${file}.jsonl`), all[index]!.map(({ value }) => `${value}\n`).join("")),
    ),
  );
  const records = all.flat();
  return {
    files,
    records: records.length,
    rows: records.flatMap(({ row }) => row ?? []),
    rejected: records.flatMap(({ value, rejected }) => (rejected ? [value] : [])),
  };
}
