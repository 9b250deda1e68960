import { type DatabaseError, databaseError } from "./database-error.ts";
import { errorMark } from "./rewrite.ts";
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

/** Kinds that tell of the statement or the machine; the others' messages may hold a record's value. */
const withoutValues: ReadonlySet<string> = new Set([
  "Binder",
  "Catalog",
  "Connection",
  "Dependency",
  "HTTP",
  "INTERRUPT",
  "IO",
  "Missing Extension",
  "Out of Memory",
  "Permission",
  "Settings",
  "TransactionContext",
]);
const withheld = "DuckDB's details are left out, as they may hold the record's values";

/** How messages begin whose beginning holds no value, and whose end is DuckDB's own words too. */
const beginnings: readonly RegExp[] = [
  /^Could not (?:convert|cast|parse|decode) string\b/,
  /^Could not cast value\b/,
  /^Failed to cast (?:value|decimal value)\b/,
  /^Casting value\b/,
  /^Malformed JSON at byte \d+\b/,
  /^Overflow in \w+ of [A-Z]+\d*\b/,
  /^(?:date|time|timestamp) field value out of range\b/i,
  /^invalid (?:date|time|timestamp) field format\b/i,
  /^Invalid hex escape code\b/,
  /^Invalid input for hex digit\b/,
  /^Type [A-Z]+\d*(?= with value\b)/,
  /^Unknown TimeZone\b/,
  /^Invalid UTF8 Codepoint\b/,
  /^Date out of range\b/,
  /^Map keys (?:must be unique|can not be NULL)\b/,
];
const ending =
  /(?: (?:to|destination type) (?<type>[A-Z][A-Z0-9_]*(?:\(\d+, ?\d+\))?(?:\[\d*\])*))?(?: when casting from source column (?<column>[\w.]+))?$/;

/** Why the SQL fails for a record, in a sentence without its values. `reasons` are those that a failed check refers to. */
export function recordError(error: Error, reasons: readonly string[]): string {
  const known = databaseError(error);
  return known === null ? `the SQL failed: ${withheld}` : (reasonOf(known, reasons) ?? `the SQL failed: ${sentence(known)}`);
}

/** What to throw where a batch fails: DuckDB's error in a sentence without values, and other errors as they are. */
export function batchError(error: unknown, reasons: readonly string[]): unknown {
  const known = databaseError(error);
  // DuckDB's error is no cause to keep: it has the values in it.
  return known === null ? error : new Error(`transform: ${reasonOf(known, reasons) ?? sentence(known)}`);
}

/** What a failed check says. */
function reasonOf({ message }: DatabaseError, reasons: readonly string[]): string | null {
  if (!message.startsWith(faultMark)) return null;
  return reasons[Number.parseInt(message.slice(faultMark.length), 10)] ?? "a row does not fit the table";
}

function sentence({ kind, message }: DatabaseError): string {
  const first = message.split("\n")[0]!;
  // The owner's own words: what is in them was chosen.
  if (message.startsWith(errorMark)) return `${kind} Error: ${first.slice(errorMark.length)}`;
  if (withoutValues.has(kind)) return `${kind} Error: ${first.replace(/[!.]$/, "")}`;
  const beginning = beginnings
    .map((pattern) => pattern.exec(message)?.[0])
    .find((found) => found !== undefined)
    ?.replace(/^Type /, "Could not convert ");
  if (beginning === undefined) return `${kind} Error (${withheld})`;
  const { type, column } = ending.exec(message)?.groups ?? {};
  return `${kind} Error: ${beginning}${type === undefined ? "" : ` to ${type}`}${column === undefined ? "" : ` when casting from source column ${column}`} (${withheld})`;
}
