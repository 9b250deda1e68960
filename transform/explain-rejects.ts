import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { isUtf8 } from "node:buffer";
import { open, rm } from "node:fs/promises";
import type { explainLines } from "./batch-sql.ts";
import type { LineRange } from "./line-search.ts";
import { rowsOf } from "./locked-database.ts";
import type { Lines, Reject } from "./rows.ts";

/** So many faults of one record are named. */
const faultsShown = 5;

/** Rejected lines and the query that says why. */
export interface ExplainOptions {
  readonly connection: DuckDBConnection;
  readonly lines: Lines;
  /** Where the rejected records' lines stand. */
  readonly ranges: readonly LineRange[];
  /** Made by `explainLines` for the file `path`. */
  readonly query: ReturnType<typeof explainLines>;
  readonly path: string;
}

/** Says of each rejected line which column is wrong, its declared type and what kind of value stands there; never the value. */
export async function explainRejects({ connection, lines, ranges, query, path }: ExplainOptions): Promise<Reject[]> {
  const found = new Map<number, string>();
  try {
    await writeRanges(path, lines, ranges);
    for (const [ordinal, kinds] of await rowsOf(connection, query.sql)) {
      if (typeof ordinal === "number") found.set(ordinal, sentence(query.checks, kinds));
    }
  } finally {
    await rm(path, { force: true });
  }
  return ranges.map(({ ordinal, start, end }) => ({
    ordinal,
    error: found.get(ordinal) ?? notJson(lines.bytes.subarray(start, end)),
  }));
}

async function writeRanges(path: string, lines: Lines, ranges: readonly LineRange[]): Promise<void> {
  const file = await open(path, "w");
  try {
    // One write: the lines are copied only where records are rejected.
    await file.writeFile(Buffer.concat(ranges.map(({ start, end }) => lines.bytes.subarray(start, end + 1))));
  } finally {
    await file.close();
  }
}

function sentence(checks: ExplainOptions["query"]["checks"], kinds: DuckDBValue | undefined): string {
  const items = typeof kinds === "object" && kinds !== null && "items" in kinds ? kinds.items : [];
  const faults = checks.flatMap(({ path, column, complaint }, index) => {
    const kind = items[index];
    if (typeof kind !== "string") return [];
    return [path === column ? `${path}: ${kindName(kind)} ${complaint}` : `${path}: a value ${complaint}`];
  });
  if (faults.length === 0) return "a column does not fit its declared type";
  return [
    ...faults.slice(0, faultsShown),
    ...(faults.length > faultsShown ? [`and ${faults.length - faultsShown} more`] : []),
  ].join("; ");
}

/** DuckDB's `json_type` in words. */
function kindName(kind: string): string {
  switch (kind) {
    case "VARCHAR":
      return "a string";
    case "BOOLEAN":
      return "true or false";
    case "OBJECT":
      return "an object";
    case "ARRAY":
      return "a list";
    default:
      return "a number";
  }
}

function notJson(line: Buffer): string {
  return isUtf8(line) ? "the record is not valid JSON" : "the record is not valid JSON: its bytes are not UTF-8";
}
