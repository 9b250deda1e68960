import { duckdbType } from "../engine/duckdb-types.ts";
import { literal, quoted } from "../engine/physical-name.ts";
import { textLengthMax } from "../engine/snowflake-type.ts";
import { castSql } from "../sql/casts.ts";
import type { ParquetFormat } from "../stages/file-format.ts";
import type { FileValue } from "./column-fit.ts";
import { type FileSource, metadata, type RecordStep, type SourceOptions } from "./file-source.ts";

/** Reads Parquet. Values keep their types on the way into columns; `"$1"` is the whole record as JSON. */
export async function parquetSource({ connection, file, steps }: SourceOptions, format: ParquetFormat): Promise<FileSource> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${literal(file.file)})`);
  const columns = reader.getRowsJS().map(([name, type]) => readColumn(name as string, type as string, format));
  const record = columns.map(({ name, sql }) => `${literal(name)}: ${sql}`).join(", ");
  const named = columns.map((column, at) => ({ ...column, sql: `"field ${at}"` }));
  const select = [
    `to_json({${record}}) AS "$1"`,
    ...columns.map(({ sql }, at) => `${sql} AS "field ${at}"`),
    ...steps.map((step) => `${stepValue(step, columns)} AS ${quoted(step.column)}`),
    metadata(file, "file_row_number + 1"),
  ];
  const query = `(SELECT ${select.join(", ")} FROM read_parquet(${literal(file.file)}, file_row_number = true))`;
  return { query, tolerant: query, named, rejects: async () => ({ count: 0, first: null }), linesBefore: 0 };
}

type Column = FileValue & { readonly name: string };

function readColumn(name: string, type: string, format: ParquetFormat): Column {
  const column = { name, sql: quoted(name), type, parseJson: false };
  if (type === "BLOB" && format.binaryAsText)
    return textual({ ...column, sql: `decode(${column.sql})`, type: "VARCHAR" }, format);
  // Without its logical type a point in time is the number that stands in the file.
  if (!format.useLogicalType && type.startsWith("TIMESTAMP"))
    return { ...column, sql: `epoch_us(${column.sql})`, type: "BIGINT" };
  return type === "VARCHAR" ? textual(column, format) : column;
}

function textual(column: Column, { trimSpace, nullIf }: ParquetFormat): Column {
  const sql = trimSpace ? `trim(${column.sql})` : column.sql;
  return {
    ...column,
    sql: nullIf.length === 0 ? sql : `CASE WHEN ${sql} NOT IN (${nullIf.map(literal).join(", ")}) THEN ${sql} END`,
  };
}

/** A column with its own type, so that nothing of it is lost; a nested one as JSON, for the rest of the path. */
function stepValue({ member, cast }: RecordStep, columns: readonly Column[]): string {
  const column = columns.find(({ name }) => name === member);
  if (column === undefined) return `CAST(NULL AS ${cast === null ? "JSON" : duckdbType(cast)})`;
  const nested = /^(?:STRUCT|MAP)|\[\]$/.test(column.type);
  const value = nested ? `to_json(${column.sql})` : column.sql;
  // Most are what they are cast to: a cast by way of a text would take far longer.
  if (cast === null || column.type === duckdbType(cast).replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")) {
    return cast?.kind === "VARCHAR" && cast.length < textLengthMax ? `left(${value}, ${cast.length})` : value;
  }
  return castSql(value, cast, { isTry: false, isText: column.type === "VARCHAR", isVariant: nested });
}
