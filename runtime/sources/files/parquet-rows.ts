import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from "@duckdb/node-api";
import { symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Terminal } from "../../component/errors.ts";
import { unreadable } from "./file-version.ts";
import type { FoundFile } from "./find-files.ts";

/** For the row groups in reading; DuckDB fails a file that needs more with a message that says so. */
const memoryLimit = "512MB";

/** Some rows of a Parquet file, each as a JSON object. */
export interface ParquetRows {
  /** Number of the first one in the file. */
  readonly first: number;
  readonly texts: readonly string[];
}

/** What to read of which file. */
export interface ParquetOptions {
  readonly file: FoundFile;
  /** Declared columns; the file's names are matched as SQL does, whatever their case. */
  readonly columns: readonly string[];
  readonly from: number;
  readonly scratchDirectory: string;
}

/**
 * The rows of a Parquet file from a row on, in order and in bounded memory, as JSON objects with the declared columns: every
 * scalar as text with all its digits, bytes in base64, instants in UTC. Throws Terminal naming the file.
 */
export async function* readParquet(options: ParquetOptions): AsyncGenerator<ParquetRows, void, void> {
  const { file, from, scratchDirectory } = options;
  // Under a name without the characters that DuckDB takes for a glob.
  const link = join(scratchDirectory, `${crypto.randomUUID()}.parquet`);
  await symlink(file.path, link).catch((error: unknown) => {
    throw unreadable(error, file.name);
  });
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: memoryLimit });
  const connection = await instance.connect();
  try {
    const rows = await selectRows(connection, link, options);
    const result = await connection.stream(`${rows} WHERE file_row_number >= ${from}`);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield { first: Number(chunk.getColumnValues(0)[0]), texts: chunk.getColumnValues(1) as readonly string[] };
    }
  } catch (error) {
    if (error instanceof Terminal) throw error;
    // What DuckDB says of a value that it cannot read quotes the value.
    const kind = error instanceof Error ? (/^[A-Za-z ]+Error/.exec(error.message)?.[0] ?? error.name) : "error";
    throw new Terminal("FileDamaged", `${file.name}: cannot be read as Parquet (${kind})`);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await unlink(link).catch(() => {});
  }
}

async function selectRows(connection: DuckDBConnection, link: string, { file, columns }: ParquetOptions): Promise<string> {
  await connection.run("SET TimeZone = 'UTC'");
  const source = `read_parquet('${link.replaceAll("'", "''")}', file_row_number = true)`;
  const empty = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`);
  const types = new Map(empty.columnNames().map((name, index) => [name.toLowerCase(), { name, type: empty.columnType(index) }]));
  const missing = columns.filter((column) => !types.has(column.toLowerCase()));
  if (missing.length > 0) {
    const there = empty.columnNames().filter((name) => name !== "file_row_number");
    throw new Terminal("ColumnMissing", `${file.name}: lacks the columns ${missing.join(", ")}; it has ${there.join(", ")}`);
  }
  const members = columns.map((column) => {
    const { name, type } = types.get(column.toLowerCase())!;
    return `${identifier(column)} := ${asText(identifier(name), type)}`;
  });
  return `SELECT file_row_number, to_json(struct_pack(${members.join(", ")}))::VARCHAR FROM ${source}`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An expression of the same shape in which each scalar is text: JSON's own numbers would be read as doubles. */
function asText(value: string, type: DuckDBType, level = 0): string {
  const item = `item${level}`;
  if (type instanceof DuckDBStructType) {
    const entries = type.entryNames.map((name, index) => {
      const entry = `${value}[${sqlText(name)}]`;
      return `${identifier(name)} := ${asText(entry, type.entryTypes[index]!, level)}`;
    });
    return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${entries.join(", ")}) END`;
  }
  if (type instanceof DuckDBListType)
    return `list_transform(${value}, lambda ${item}: ${asText(item, type.valueType, level + 1)})`;
  if (type instanceof DuckDBMapType) {
    const key = asText(`${item}.key`, type.keyType, level + 1);
    const entry = `struct_pack(key := ${key}, value := ${asText(`${item}.value`, type.valueType, level + 1)})`;
    return `map_from_entries(list_transform(map_entries(${value}), lambda ${item}: ${entry}))`;
  }
  if (type.typeId === DuckDBTypeId.BLOB) return `base64(${value})`;
  return type.alias === "JSON" ? value : `CAST(${value} AS VARCHAR)`;
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
