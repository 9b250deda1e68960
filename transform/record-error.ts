import { databaseError } from "./database-error.ts";
import { faultMark } from "./target-sql.ts";

/** Kinds of DuckDB errors that no record causes. */
const notRecords: ReadonlySet<string> = new Set([
  "Binder",
  "Catalog",
  "Connection",
  "Dependency",
  "Executor",
  "FATAL",
  "HTTP",
  "INTERNAL",
  "INTERRUPT",
  "IO",
  "Missing Extension",
  "Out of Memory",
  "Permission",
  "Serialization",
  "Settings",
  "TransactionContext",
]);

/** True for an error of the running SQL that a record's value may have caused. */
export function isRecordsFault(error: unknown): error is Error {
  const known = databaseError(error);
  return known !== null && !notRecords.has(known.kind) && !/out of memory|interrupt/i.test(known.kind);
}

/** The error in a sentence without the record's values. `reasons` are those that a failed check refers to. */
export function recordError(error: Error, reasons: readonly string[]): string {
  const known = databaseError(error);
  const message = known?.message ?? error.message;
  const mark = message.indexOf(faultMark);
  if (mark >= 0) return reasons[Number.parseInt(message.slice(mark + faultMark.length), 10)] ?? "a row does not fit the table";
  return `the SQL failed: ${known === null ? "" : `${known.kind} Error: `}${withoutValues(message)}`;
}

/** What DuckDB quotes or gives as an operand may be a value of the record. */
function withoutValues(message: string): string {
  return message
    .split("\n")[0]!
    .replaceAll(/'[^']*'|"[^"]*"/g, "…")
    .replaceAll(/\bvalue [^\s,;]+/g, "value …")
    .replaceAll(/ \([^()]*\d[^()]*\)/g, " (…)")
    .replace(/[!.]$/, "");
}
