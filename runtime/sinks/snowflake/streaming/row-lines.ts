import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { quoted } from "../../../../transform/duckdb-type.ts";
import { originColumns, type Rows } from "../../../../transform/rows.ts";
import type { StoredColumn } from "../table-plan.ts";

/** One file is read and written at a time: one thread is the cheapest for a row. */
const threads = 1;
/** A batch's row group and a file's buffer for each split; what is more spills to the scratch directory. */
const memoryBytes = 256 * 2 ** 20;
/** Files that are written at the same time: one for each split of a pod. More are closed and begun again, which costs time only. */
const filesOpenMax = 1000;

/** Makes lines of JSON, as Snowpipe Streaming takes them, from the files of rows. Close it at the end. */
export class RowLines {
  readonly #scratchDirectory: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(scratchDirectory: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#scratchDirectory = scratchDirectory;
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(scratchDirectory: string): Promise<RowLines> {
    const instance = await DuckDBInstance.create(":memory:", {
      threads: String(threads),
      memory_limit: `${memoryBytes}B`,
      temp_directory: scratchDirectory,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const connection = await instance.connect();
    await connection.run("SET SESSION TimeZone = 'UTC'");
    await connection.run(`SET partitioned_write_max_open_files = ${filesOpenMax}`);
    return new RowLines(scratchDirectory, instance, connection);
  }

  /** The lines of each split that has rows, compressed with zstd, by its index in the moves. */
  async make(rows: Rows, stored: ReadonlyMap<string, StoredColumn>): Promise<ReadonlyMap<number, Buffer>> {
    const directory = await mkdtemp(join(this.#scratchDirectory, "lines-"));
    try {
      // JSON escapes control characters, so that a line has no delimiter of CSV in it and is written as it is.
      await this.#connection.run(
        `COPY (SELECT ${line(rows, stored)} AS line, ${originColumns.split} AS split FROM ${fileOf(rows)})
         TO ${literal(join(directory, "splits"))} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', COMPRESSION zstd, PARTITION_BY (split))`,
      );
      const lines = new Map<number, Buffer>();
      for (const folder of await readdir(join(directory, "splits"))) {
        const names = await readdir(join(directory, "splits", folder));
        const parts = await Promise.all(names.map((name) => readFile(join(directory, "splits", folder, name))));
        // Frames of zstd that follow each other are a file of zstd, too.
        lines.set(Number(folder.slice("split=".length)), parts.length === 1 ? parts[0]! : Buffer.concat(parts));
      }
      return lines;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The records of the rows of one split that have one of these lines, by line. */
  async ordinals(
    rows: Rows,
    stored: ReadonlyMap<string, StoredColumn>,
    { split, lines }: { readonly split: number; readonly lines: readonly string[] },
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT line, list(DISTINCT ordinal ORDER BY ordinal)::VARCHAR FROM (SELECT ${line(rows, stored)} AS line, ${originColumns.ordinal} AS ordinal
       FROM ${fileOf(rows)} WHERE ${originColumns.split} = ${split}) WHERE line IN (SELECT unnest(from_json($lines, '["VARCHAR"]'))) GROUP BY line`,
      { lines: JSON.stringify(lines) },
    );
    return new Map(
      (reader.getRowsJS() as [string, string][]).map(([text, ordinals]) => [text, JSON.parse(ordinals) as number[]]),
    );
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function fileOf({ path }: Rows): string {
  return `read_parquet(${literal(path)}, hive_partitioning = false)`;
}

/** The expression of a row's line: members are the table's columns. */
function line(rows: Rows, stored: ReadonlyMap<string, StoredColumn>): string {
  const pairs = rows.columns.flatMap(({ name, type }) => {
    const column = stored.get(name);
    if (column === undefined) return [];
    const value = isLongDecimal(type) ? `${quoted(name)}::VARCHAR` : member(quoted(name), column);
    return [`${literal(column.name)}, ${value}`];
  });
  return `json_object(${pairs.join(", ")})::VARCHAR`;
}

/** True where a reader of JSON that takes numbers for doubles would lose digits; Snowflake makes the same number of its text. */
function isLongDecimal(type: string): boolean {
  const [, precision = "0", scale = "0"] = /^DECIMAL\((\d+),\s*(\d+)\)$/i.exec(type) ?? [];
  return Number(precision) > doubleDigits && Number(scale) > 0;
}

/** Digits of a decimal number that a double holds, whatever they are. */
const doubleDigits = 15;

/** A value as Snowflake reads it back from JSON without a loss. */
function member(value: string, { type }: StoredColumn): string {
  switch (type.kind) {
    case "FLOAT":
      return `CASE WHEN isnan(${value}) THEN '"NaN"'::JSON WHEN isinf(${value}) THEN if(${value} > 0, '"inf"', '"-inf"')::JSON ELSE to_json(${value}::DOUBLE) END`;
    case "BINARY":
      return `hex(${value})`;
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      // They travel as their text.
      return `${value}::JSON`;
    case "TIMESTAMP_TZ":
    case "TIMESTAMP_LTZ":
      return `strftime(${value}, '%Y-%m-%d %H:%M:%S.%f+00:00')`;
    case "VARCHAR":
      return `${value}::VARCHAR`;
    default:
      return value;
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
