import type { DuckDBConnection } from "@duckdb/node-api";
import { open } from "node:fs/promises";
import type { Column } from "./column.ts";
import { csvProblem, readCsv } from "./lookup-csv.ts";
import { databaseError } from "./database-error.ts";
import { describe } from "./describe.ts";
import { rowsOf } from "./locked-database.ts";
import type { LookupType } from "./lookup-spec.ts";
import { missing } from "./lookup-missing.ts";
import { quoted } from "./duckdb-type.ts";
import { literal, reservedPrefix, sameName } from "./sql-text.ts";
import { castTo } from "./target-sql.ts";
import { arrivals, readerColumns, typedRows } from "./typed-rows.ts";

const rowColumn = `${reservedPrefix}row`;
const badColumn = `${reservedPrefix}bad`;
/** One object of a lookup may be as large as this. */
const objectBytesMax = 8 * 1024 * 1024;

/** The file to load, and the table to make of it. */
export interface LoadOptions {
  /** In the database's directory. */
  readonly file: string;
  readonly type: LookupType;
  /** Between the fields of a CSV file. */
  readonly delimiter: "," | "\t";
  readonly columns: readonly Column[];
  /** Table to make; one of this name is replaced. */
  readonly table: string;
}

/** Makes a table of a lookup's file. Throws where a row does not fit the declared columns, naming row and column. */
export async function loadLookup(connection: DuckDBConnection, options: LoadOptions): Promise<void> {
  const { columns, table } = options;
  try {
    const { select, complaints } =
      options.type === "parquet" ? await typed(connection, options) : await texts(connection, options);
    await connection.run(`CREATE OR REPLACE TABLE ${quoted(table)} AS ${select}`);
    const wrong = await rowsOf(
      connection,
      `SELECT ${rowColumn}, ${badColumn} FROM ${quoted(table)} WHERE ${badColumn} IS NOT NULL ORDER BY 1 LIMIT 1`,
    );
    if (wrong[0] !== undefined) {
      await connection.run(`DROP TABLE ${quoted(table)}`);
      throw new Error(`row ${Number(wrong[0][0])}, column ${complaints[Number(wrong[0][1])]}`);
    }
    for (const column of [rowColumn, badColumn]) await connection.run(`ALTER TABLE ${quoted(table)} DROP COLUMN ${column}`);
    if (columns.length === 0) throw new Error("no columns are declared");
  } catch (error) {
    const known = databaseError(error);
    throw known === null
      ? error
      : new Error(`it cannot be read as ${options.type}: ${reasonOf(known.message, options)}`, { cause: error });
  }
}

interface Load {
  readonly select: string;
  readonly complaints: readonly string[];
}

/** CSV and JSON: every value is a text first. */
async function texts(connection: DuckDBConnection, options: LoadOptions): Promise<Load> {
  const { file, type, columns } = options;
  const read = type === "csv" ? await readCsv(connection, options) : await readJson(file, columns);
  const rows = typedRows(columns, `(SELECT *, row_number() OVER () AS ${rowColumn} FROM ${read})`, [rowColumn]);
  const values = columns.map(({ name }, index) => `${rows.values[index]!} AS ${quoted(name)}`);
  const cases = rows.checks.map((check, index) => `WHEN ${check.bad} THEN ${index}`);
  return {
    select: `SELECT ${[...values, rowColumn, `${fault(cases)} AS ${badColumn}`].join(", ")} FROM (${rows.staged})`,
    complaints: rows.checks.map(({ path, complaint }) => `${path}: a value ${complaint}`),
  };
}

/** Parquet: values have types already, which may have to become others. */
async function typed(connection: DuckDBConnection, { file, columns }: LoadOptions): Promise<Load> {
  const relation = `read_parquet(${literal(file)})`;
  const present = await describe(connection, `SELECT * FROM ${relation}`);
  const casts = columns.map((column) => {
    const from = present.find(({ name }) => sameName(name, column.name));
    if (from === undefined)
      throw new Error(
        missing(
          column.name,
          present.map(({ name }) => name),
        ),
      );
    return { column, ...castTo(from, column) };
  });
  const values = casts.map(({ column, value }) => `${value} AS ${quoted(column.name)}`);
  const faults = casts.flatMap(({ faults: found }) => found);
  const cases = faults.map(([bad], index) => `WHEN ${bad} THEN ${index}`);
  return {
    select: `SELECT ${[...values, `row_number() OVER () AS ${rowColumn}`, `${fault(cases)} AS ${badColumn}`].join(", ")} FROM ${relation}`,
    complaints: faults.map(([, reason]) => reason),
  };
}

function fault(cases: readonly string[]): string {
  return cases.length === 0 ? "NULL::INTEGER" : `CASE ${cases.join(" ")} END`;
}

/** The reason without the file's path and its values. */
function reasonOf(message: string, { file, type }: LoadOptions): string {
  const first = message.split("\n")[0]!.replaceAll(file, "the file");
  return type === "csv" ? csvProblem(message, first) : first;
}

async function readJson(file: string, columns: readonly Column[]): Promise<string> {
  const format = !/\.(?:gz|zst)$/.test(file) ? ((await firstCharacter(file)) === "[" ? "array" : "unstructured") : "auto";
  return `read_json(${literal(file)}, format = '${format}', maximum_object_size = ${objectBytesMax}, columns = ${readerColumns(arrivals(columns))})`;
}

/** The first character of a file that is no white space. */
async function firstCharacter(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer
      .toString("utf8", 0, bytesRead)
      .replace(/^\uFEFF/, "")
      .trimStart()
      .charAt(0);
  } finally {
    await file.close();
  }
}
