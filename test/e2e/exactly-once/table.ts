import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { TopicRow } from "./topic.ts";

const columns = "file, n::INTEGER AS n, text";

/** The rows of the DuckDB sink's table, in order of file and number; none where the table is not there yet. */
export async function duckdbTable(path: string): Promise<readonly TopicRow[]> {
  const instance = await DuckDBInstance.create(path, { threads: "1", memory_limit: "256MB" });
  try {
    const connection = await instance.connect();
    const there = await connection.runAndReadAll("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'small'");
    const rows =
      Number(there.getRows()[0]?.[0]) === 0 ? [] : await select(connection, `SELECT ${columns} FROM main.small ORDER BY ALL`);
    connection.closeSync();
    return rows;
  } finally {
    instance.closeSync();
  }
}

/** The rows of the files sink's directory, as its readers see them. */
export async function filesTable(directory: string): Promise<readonly TopicRow[]> {
  const names = await readdir(directory).catch(() => []);
  if (!names.some((name) => name.endsWith(".parquet"))) return [];
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "256MB" });
  try {
    const connection = await instance.connect();
    const rows = await select(connection, `SELECT ${columns} FROM read_parquet('${join(directory, "*.parquet")}') ORDER BY ALL`);
    connection.closeSync();
    return rows;
  } finally {
    instance.closeSync();
  }
}

/** Values of the dead letters in a directory, each once: a letter may be there more often. */
export async function letterValues(directory: string): Promise<ReadonlySet<string>> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  return new Set(lines.map((line) => Buffer.from((JSON.parse(line) as { value: string }).value, "base64").toString()));
}

type Connection = Awaited<ReturnType<DuckDBInstance["connect"]>>;

async function select(connection: Connection, sql: string): Promise<readonly TopicRow[]> {
  const result = await connection.runAndReadAll(sql);
  return result.getRows().map(([file, n, text]) => ({ file: String(file), n: Number(n), text: String(text) }));
}
