import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "./column.ts";
import { quoted } from "./duckdb-type.ts";
import { rowsOf } from "./locked-database.ts";
import { missing } from "./lookup-missing.ts";
import { literal, sameName } from "./sql-text.ts";
import { readerColumns } from "./typed-rows.ts";

/** A lookup's CSV file and the columns wanted of it. */
export interface CsvLookup {
  readonly file: string;
  readonly delimiter: "," | "\t";
  readonly columns: readonly Column[];
}

/**
 * SQL of the wanted columns of a CSV file (RFC 4180, the first line names the fields) as texts; a field without text is NULL,
 * and an empty one in quotes an empty text. DuckDB is left nothing to guess: it guesses by the first rows alone, and then drops
 * or changes those that are not like them. Throws where the header lacks a column.
 */
export async function readCsv(connection: DuckDBConnection, { file, delimiter, columns }: CsvLookup): Promise<string> {
  const header = await readHeader(connection, file, delimiter);
  const wanted = columns.map(({ name }) => {
    const places = header.flatMap((other, index) => (sameName(other, name) ? [index] : []));
    if (places[0] === undefined) throw new Error(`${missing(name, header)}${otherDelimiter(header)}`);
    if (places.length > 1) throw new Error(`its header has the column ${name} ${places.length} times`);
    return `${field(places[0])} AS ${quoted(name)}`;
  });
  const fields = readerColumns(header.map((_, index) => ({ name: field(index), type: "VARCHAR" })));
  const read =
    `read_csv(${literal(file)}, auto_detect = false, header = true, delim = ${literal(delimiter)}, quote = '"', escape = '"', ` +
    `comment = '', skip = 0, allow_quoted_nulls = false, columns = ${fields})`;
  return `(SELECT ${wanted.join(", ")} FROM ${read})`;
}

function field(index: number): string {
  return `f${index}`;
}

async function readHeader(connection: DuckDBConnection, file: string, delimiter: string): Promise<string[]> {
  // The lines as they stand: no text has the delimiter U+0001.
  const rows = await rowsOf(
    connection,
    `SELECT line FROM read_csv(${literal(file)}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '', ` +
      `comment = '', skip = 0, strict_mode = false, columns = {'line': 'VARCHAR'}) LIMIT 1`,
  );
  const line = rows[0]?.[0];
  if (typeof line !== "string") throw new Error("its first line is empty: it has to name the columns");
  const names: string[] = [];
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${delimiter}][^${delimiter}]*)?)(${delimiter}|$)`, "uy");
  for (;;) {
    const found = pattern.exec(line);
    if (found === null) throw new Error("its first line, which has to name the columns, is not CSV: a quote is not closed");
    names.push((found[1]?.replaceAll('""', '"') ?? found[2] ?? "").trim());
    if (found[3] === "") return names;
  }
}

function otherDelimiter(header: readonly string[]): string {
  return header.length === 1 && /[;|\t]/.test(header[0]!)
    ? " (commas separate the fields of a lookup, tabs where its name ends in .tsv)"
    : "";
}

/** Why DuckDB could not read a CSV file, by its error's text, of which values are left out; `other` where it does not tell. */
export function csvProblem(message: string, other: string): string {
  const line = /CSV Error on Line: ([0-9]+)/.exec(message)?.[1];
  const place = line === undefined ? "" : `line ${line}: `;
  const counts = /^Expected Number of Columns: ([0-9]+) Found: ([0-9]+)/m.exec(message);
  if (counts !== null) return `${place}expected ${counts[1]} fields as in the header, found ${counts[2]}`;
  if (message.includes("unterminated quote"))
    return `${place}a quote is not closed, or something follows it (a quote in quotes is doubled)`;
  if (message.includes("Invalid unicode")) return `${place}not UTF-8`;
  const bytesMax = /Maximum line size of ([0-9]+) bytes/.exec(message)?.[1];
  if (bytesMax !== undefined) return `${place}longer than ${bytesMax} bytes`;
  if (message.includes("invalid state")) return `${place}not CSV: are all its lines ended alike, and its quotes closed?`;
  return other;
}
