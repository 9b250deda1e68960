import { type Column, metaColumns } from "./column.ts";
import type { SqlProblem } from "./compiled.ts";
import { reservedPrefix } from "./sql-text.ts";
import { parseType, typeText } from "./type.ts";

/** The ordinal's member in a line; a column of that name would read it instead of the record's own. */
const ordinalMember = "_i";

/** Reads columns as a manifest declares them, at `path` in the spec. The types come back in DuckDB's spelling. */
export function checkColumns(declared: Readonly<Record<string, string>>, path: string): Column[] | SqlProblem[] {
  const columns: Column[] = [];
  const problems: SqlProblem[] = [];
  const seen = new Map<string, string>();
  for (const [name, text] of Object.entries(declared)) {
    const at = `${path}.${name}`;
    const lower = name.toLowerCase();
    const earlier = seen.get(lower);
    seen.set(lower, name);
    if (name === "") problems.push({ path, message: "a column has no name: give it one" });
    if (earlier !== undefined) {
      problems.push({
        path: at,
        message: `column ${name}: ${earlier} is the same name, as SQL does not tell upper from lower case; rename one of them`,
      });
    }
    if (lower in metaColumns) {
      problems.push({
        path: at,
        message: `column ${name}: every row can see its record's ${lower} already; remove the column and use ${lower} in the SQL`,
      });
    } else if (lower === ordinalMember || lower.startsWith(reservedPrefix)) {
      problems.push({ path: at, message: `column ${name}: Snowline uses this name itself; rename the column` });
    }
    const type = parseType(text);
    if (typeof type === "string") problems.push({ path: at, message: `type ${text}: ${type}` });
    else columns.push({ name, type: typeText(type) });
  }
  return problems.length > 0 ? problems : columns;
}

/** Tells problems from what was asked for. An empty list is no problem. */
export function areProblems(found: readonly Column[] | readonly SqlProblem[]): found is SqlProblem[] {
  const first = found[0];
  return first !== undefined && "message" in first;
}
