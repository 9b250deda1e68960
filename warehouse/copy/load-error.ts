import { snowflakeError } from "../engine/duckdb-errors.ts";
import { SnowflakeError } from "../result.ts";

/** Why a row or a file cannot be loaded. */
export interface LoadError {
  readonly code: string;
  readonly sqlState: string;
  readonly message: string;
  /** From 1. */
  readonly line: number;
  readonly character: number;
  /** From 1; null where it is not about one row. */
  readonly row: number | null;
  /** As COPY shows it, `"T"["A":1]`; null where it is not about one column. */
  readonly column: string | null;
}

const advice = `  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option. For more information on loading options, please run 'info loading_data' in a SQL client.`;

/** The error of a COPY that stops at it. */
export function abortError(error: LoadError, file: string): SnowflakeError {
  const place = error.row === null ? [] : [`  Row ${error.row}${error.column === null ? "" : `, column ${error.column}`}`];
  const lines = [error.message, `  File '${file}', line ${error.line}, character ${error.character}`, ...place, advice];
  return new SnowflakeError(error.code, error.sqlState, lines.join("\n"));
}

/** What DuckDB says of a file or of a value in it, in Snowflake's words. What is no error of the file is thrown as it is. */
export function unreadable(error: unknown): LoadError {
  const text = error instanceof Error ? error.message : "";
  const line = Number(/(?:in |on )line:? (\d+)/i.exec(text)?.[1] ?? 1);
  const place = { line, character: 0, row: null, column: null };
  const first = text.split("\n", 1)[0] ?? "";
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(text);
  if (counts !== null)
    return { code: "100080", sqlState: "22000", message: countMessage(counts[1] ?? "", counts[2] ?? ""), ...place };
  if (/CSV Error/.test(first))
    return {
      code: "100016",
      sqlState: "22000",
      message: `Field cannot be read: ${reason(text.replaceAll("\n", " "))}`,
      ...place,
    };
  if (/parquet|magic bytes/i.test(first))
    return { code: "100183", sqlState: "22000", message: `Invalid Parquet file: ${reason(first)}`, ...place };
  const { code, sqlState, message } = snowflakeError(error);
  if (code === "000603" || code === "000604") throw error;
  return { code, sqlState, message: reason(message), ...place };
}

/** What Snowflake says of a record with too many or too few fields. */
export function countMessage(expected: string, found: string): string {
  return `Number of columns in file (${found}) does not match that of the corresponding table (${expected}), use file format option error_on_column_count_mismatch=false to ignore this error`;
}

/** Without the path of this machine. */
function reason(text: string): string {
  return text
    .replace(/^[A-Za-z ]+ Error:\s*/, "")
    .replaceAll(/\s*(?:in|of)?\s*file "[^"]*"/gi, "")
    .replaceAll(/File '[^']*' /g, "")
    .replaceAll(/\s*file\s*=\s*\S+/g, "");
}
