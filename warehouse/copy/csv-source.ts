import type { DuckDBConnection } from "@duckdb/node-api";
import { literal, quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import type { CsvFormat } from "../stages/file-format.ts";
import { type FileSource, metadata, type Rejects, type SourceOptions } from "./file-source.ts";
import type { HeldFile } from "./held-files.ts";
import { countMessage } from "./load-error.ts";

/** Bytes of the longest record: a text of Snowflake's has 16 MB, and its quotes may be doubled. */
const recordBytesMax = 33_554_432;
/** Rejected records that are remembered of one file; more are only counted up to it. */
const rejectsMax = 100_000;

/** Reads delimited text. */
export async function csvSource(options: SourceOptions, format: CsvFormat): Promise<FileSource> {
  const { connection, file } = options;
  const header = format.parseHeader ? await headerOf(connection, file, format) : null;
  const width = await widthOf(options, format, header);
  const fields = Array.from({ length: width }, (_, at) => `$${at + 1}`);
  const scan = (extra: string): string =>
    readCsv(file, format, { fields, skip: linesBefore, extra, padded: options.fields === null });
  const linesBefore = format.skipHeader + (header === null ? 0 : 1);
  const select = fields.map((field) => `${fieldValue(quoted(field), format)} AS ${quoted(field)}`).join(", ");
  const query = (extra: string): string =>
    `(SELECT ${select}, ${metadata(file, "record")} FROM (SELECT *, row_number() OVER () AS record FROM ${scan(extra)}))`;
  return {
    query: query(""),
    tolerant: query(", ignore_errors = true"),
    named:
      header === null ? null : header.map((name, at) => ({ name, sql: quoted(`$${at + 1}`), type: "VARCHAR", parseJson: true })),
    rejects: () =>
      readRejects(connection, file, scan(`, ignore_errors = true, store_rejects = true, rejects_limit = ${rejectsMax}`)),
    linesBefore,
  };
}

async function widthOf(options: SourceOptions, format: CsvFormat, header: readonly string[] | null): Promise<number> {
  if (options.fields !== null) return options.fields;
  if (header !== null) return header.length;
  const found = await columnsOf(options.connection, readAll(options.file, format, format.skipHeader));
  return Math.max(1, options.fieldMax, found);
}

async function headerOf(connection: DuckDBConnection, file: HeldFile, format: CsvFormat): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${readAll(file, format, format.skipHeader)} LIMIT 1`);
  return (reader.getRowsJS()[0] ?? []).map((name) => ((name as string | null) ?? "").trim());
}

async function columnsOf(connection: DuckDBConnection, relation: string): Promise<number> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
  return reader.currentRowCount;
}

interface Scan {
  readonly fields: readonly string[];
  readonly skip: number;
  readonly extra: string;
  /** Records may have fewer fields. */
  readonly padded: boolean;
}

function readCsv(file: HeldFile, format: CsvFormat, { fields, skip, extra, padded }: Scan): string {
  const columns = fields.map((field) => `${literal(field)}: 'VARCHAR'`).join(", ");
  // Padding needs one thread where a quoted text may have line ends in it.
  const padding = padded ? ", null_padding = true, strict_mode = false, parallel = false" : "";
  return `read_csv(${literal(file.file)}, auto_detect = false, header = false, skip = ${skip}, columns = {${columns}}, ${dialect(file, format)}, max_line_size = ${recordBytesMax}${padding}${extra})`;
}

/** All fields that the first records have, as texts. */
function readAll(file: HeldFile, format: CsvFormat, skip: number): string {
  return `read_csv(${literal(file.file)}, header = false, skip = ${skip}, all_varchar = true, ${dialect(file, format)}, null_padding = true, max_line_size = ${recordBytesMax})`;
}

function dialect(file: HeldFile, format: CsvFormat): string {
  const quote = format.enclosedBy ?? "";
  // Without an ESCAPE a quote is doubled; no text of a file is taken for NULL here unless nothing stands between two delimiters.
  const escape = format.enclosedBy === null ? "" : (format.escape ?? quote);
  const nothing = format.emptyFieldAsNull ? "" : "\u0001\u0002snowline\u0002\u0001";
  if (!/^(?:\r?\n|\r|)$/.test(format.recordDelimiter.toUpperCase() === "NONE" ? "" : format.recordDelimiter)) {
    throw new SnowflakeError(
      "001007",
      "22023",
      `SQL compilation error:\ninvalid value for parameter 'RECORD_DELIMITER': this server reads records that end with a line end`,
    );
  }
  const delimiter = format.fieldDelimiter.toUpperCase() === "NONE" ? "\u0001" : format.fieldDelimiter;
  return `delim = ${literal(delimiter)}, quote = ${literal(quote)}, escape = ${literal(escape)}, nullstr = ${literal(nothing)}, allow_quoted_nulls = false, compression = '${file.packed}'`;
}

/** What Snowflake makes of the text between two delimiters. */
function fieldValue(field: string, format: CsvFormat): string {
  let value = format.trimSpace ? `trim(${field})` : field;
  // NULL_IF is compared with the text as it stands in the file.
  const nulls = format.nullIf.filter((text) => text !== "" || !format.emptyFieldAsNull).map(literal);
  const isNull = nulls.length === 0 ? null : `${value} IN (${nulls.join(", ")})`;
  if (format.enclosedBy === null && format.escapeUnenclosedField !== null) value = unescaped(value, format.escapeUnenclosedField);
  return isNull === null ? value : `CASE WHEN ${isNull} THEN NULL ELSE ${value} END`;
}

function unescaped(value: string, escape: string): string {
  const prefix = escape.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const step = (sql: string, pattern: string, by: string): string =>
    `regexp_replace(${sql}, ${literal(prefix + pattern)}, ${by}, 'g')`;
  const controls = step(step(step(value, "n", "chr(10)"), "t", "chr(9)"), "r", "chr(13)");
  return `CASE WHEN contains(${value}, ${literal(escape)}) THEN ${step(controls, "(.)", String.raw`'\1'`)} ELSE ${value} END`;
}

async function readRejects(connection: DuckDBConnection, file: HeldFile, scan: string): Promise<Rejects> {
  await connection.run(`SELECT count(*) FROM ${scan}`);
  const reader =
    await connection.runAndReadAll(`WITH scan AS (SELECT max(scan_id) AS id FROM reject_scans WHERE file_path = ${literal(file.file)})
    SELECT count(DISTINCT line) AS rejected, arg_min(error_type, line) AS kind, min(line) AS line, arg_min(byte_position - line_byte_position, line) AS at,
      arg_min(error_message, line) AS message FROM reject_errors, scan WHERE scan_id = scan.id`);
  const row = reader.getRowObjectsJS()[0] ?? {};
  const count = Number(row["rejected"]);
  if (count === 0) return { count, first: null };
  const message = row["message"] as string;
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  const place = { line: Number(row["line"]), character: Number(row["at"]) };
  if (counts === null) return { count, first: { code: "100016", message: `Field cannot be read: ${message}`, ...place } };
  const mismatch = countMessage(counts[1] ?? "", counts[2] ?? "");
  return { count, first: { code: "100080", message: mismatch, ...place } };
}
