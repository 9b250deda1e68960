import { nearest } from "../crds/nearest.ts";
import { metaColumns } from "./column.ts";
import type { SqlProblem } from "./compiled.ts";
import { databaseError } from "./database-error.ts";

/** The path of the owner's statement in the spec. */
export const sqlPath = "transform.sql";
/** So many of the functions that would fit are named. */
const candidatesShown = 4;

/** A problem at a 0-based byte of the SQL. */
export function problemAt(sql: string, message: string, offset: number | null): SqlProblem {
  if (offset === null || offset < 0) return { path: sqlPath, message };
  const before = Buffer.from(sql).subarray(0, offset).toString("utf8");
  const lineStart = before.lastIndexOf("\n") + 1;
  return { path: sqlPath, message, line: before.split("\n").length, column: Array.from(before.slice(lineStart)).length + 1 };
}

/** What DuckDB says against the SQL, as a sentence with its suggestion. Throws what is no error of the SQL. */
export function problemOf(sql: string, thrown: unknown): SqlProblem {
  const error = databaseError(thrown);
  if (error === null) throw thrown;
  const { candidates, subtype, name } = error;
  const first = error.message.split("\n")[0]!.replace(/[!.]$/, "");
  const entry = /Candidate Entries: "([^"]+)"/.exec(error.message)?.[1];
  let message = first;
  if (subtype === "COLUMN_NOT_FOUND" && name !== null) {
    message = `there is no column ${name}${meant(withMeta(name, candidates))}`;
  } else if (subtype === "MISSING_ENTRY") {
    message = `${first}${meant(candidates)}`;
  } else if (subtype === "NO_MATCHING_FUNCTION") {
    // An operator has dozens of forms: naming the first few would not help.
    const forms = /^\w+$/.test(name ?? "") ? error.message.split("\n").filter((line) => line.startsWith("\t")) : [];
    const fitting = forms.slice(1, 1 + candidatesShown).map((line) => line.trim());
    message = `${first.replace(/\. You might need.*$/, "")}: cast its arguments${fitting.length === 0 ? "" : `; it takes ${fitting.join(" or ")}`}`;
  } else if (entry !== undefined) {
    message = `${first}; did you mean "${entry}"?`;
  } else if (subtype === "SYNTAX_ERROR" || error.kind === "Parser") {
    message = `${first}: correct the SQL there`;
  }
  return problemAt(sql, message, error.offset);
}

/** DuckDB knows the declared columns only, as `source` has a metadata column only where the SQL names it. */
function withMeta(name: string, candidates: readonly string[]): readonly string[] {
  const bare = (qualified: string): string => qualified.split(".").at(-1)!.replaceAll('"', "");
  const guess = nearest(bare(name), [...candidates.map(bare), ...Object.keys(metaColumns)]);
  return guess !== undefined && guess in metaColumns ? [guess, ...candidates] : candidates;
}

function meant(candidates: readonly string[]): string {
  if (candidates.length === 0) return "";
  return candidates.length === 1
    ? `; did you mean ${candidates[0]}?`
    : `; did you mean ${candidates[0]}? (also: ${candidates.slice(1, 1 + candidatesShown).join(", ")})`;
}
