import type { Column, MetaColumn } from "./column.ts";
import { metaColumns } from "./column.ts";
import { ordinalColumn } from "./rewrite.ts";
import { quoted } from "./duckdb-type.ts";
import { literal, reservedPrefix } from "./sql-text.ts";
import { arrivals, readerColumns, typedRows } from "./typed-rows.ts";

/** The table that holds a batch: the declared and the named metadata columns, the ordinal, and whether some column does not fit. */
export const batchTable = `${reservedPrefix}batch`;
/** A part of it, while records at fault are looked for. */
export const partTable = `${reservedPrefix}part`;
/** True for a record of which a column does not fit its type. */
export const badColumn = `${reservedPrefix}bad`;
const ordinalMember = "_i";

/** How a line carries a metadata column, and the SQL that makes it what `metaColumns` says. */
const metaReading: { readonly [K in MetaColumn]: readonly [type: string, value: string] } = {
  _topic: ["VARCHAR", "_topic"],
  _partition: ["INTEGER", "_partition"],
  _offset: ["BIGINT", "_offset"],
  _timestamp: ["BIGINT", "make_timestamptz(_timestamp * 1000)"],
  _key: ["VARCHAR", "_key"],
  _headers: ["MAP(VARCHAR, VARCHAR)", "_headers"],
};

/** A file of lines and what its members are. */
export interface LinesToRead {
  readonly source: readonly Column[];
  readonly meta: readonly MetaColumn[];
  /** The file with the lines. */
  readonly path: string;
  /** DuckDB's bound for one line; its buffer is twice as large. */
  readonly lineBytesMax: number;
}

/** Makes `batchTable` from a file of lines. A line that is no JSON becomes a row of NULLs, the ordinal included. */
export function readBatch({ source, meta, path, lineBytesMax }: LinesToRead): string {
  const columns: Column[] = [
    { name: ordinalMember, type: "INTEGER" },
    ...meta.map((name) => ({ name, type: metaReading[name][0] })),
    ...arrivals(source),
  ];
  const typed = typedRows(source, readLines(columns, path, lineBytesMax), [ordinalMember, ...meta]);
  const values = [
    ...source.map(({ name }, index) => `${typed.values[index]!} AS ${quoted(name)}`),
    ...meta.map((name) => `${metaReading[name][1]} AS ${quoted(name)}`),
    `${ordinalMember} AS ${ordinalColumn}`,
    `(${typed.bad}) AS ${badColumn}`,
  ];
  return `CREATE OR REPLACE TEMP TABLE ${batchTable} AS SELECT ${values.join(", ")} FROM (${typed.staged})`;
}

/** An empty `table` like the one `readBatch` makes. */
export function emptyBatch(table: string, source: readonly Column[], meta: readonly MetaColumn[]): string {
  const columns = [
    ...source,
    ...meta.map((name) => ({ name, type: metaColumns[name] })),
    { name: ordinalColumn, type: "INTEGER" },
    { name: badColumn, type: "BOOLEAN" },
  ];
  return `CREATE OR REPLACE TEMP TABLE ${table} (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ")})`;
}

/** For each line of a small file: its ordinal, and per check whether it is wrong and what kind of JSON value its column is. */
export function explainLines({ source, path, lineBytesMax }: LinesToRead): {
  readonly sql: string;
  readonly checks: readonly { path: string; column: string; complaint: string }[];
} {
  const ordinal: Column = { name: ordinalMember, type: "INTEGER" };
  const typed = typedRows(source, readLines([ordinal, ...arrivals(source)], path, lineBytesMax), [ordinalMember]);
  const kinds = readLines([ordinal, ...source.map(({ name }) => ({ name, type: "JSON" }))], path, lineBytesMax);
  const wrong = typed.checks.map((check) => `CASE WHEN ${check.bad} THEN json_type(k.${quoted(check.column)}) END`);
  return {
    sql: `SELECT t.${ordinalMember}, [${wrong.join(", ")}]::VARCHAR[] FROM (${typed.staged}) AS t JOIN ${kinds} AS k USING (${ordinalMember}) ORDER BY 1`,
    checks: typed.checks,
  };
}

function readLines(columns: readonly Column[], path: string, lineBytesMax: number): string {
  return (
    `read_json(${literal(path)}, format = 'newline_delimited', compression = 'uncompressed', ignore_errors = true, ` +
    `maximum_object_size = ${lineBytesMax}, columns = ${readerColumns(columns)})`
  );
}
