import type { Lookup } from "../crds/kinds/transform.ts";
import { sourceTable } from "./analyse.ts";
import { areProblems, checkColumns } from "./check-columns.ts";
import type { Column } from "./column.ts";
import type { SqlProblem } from "./compiled.ts";
import { reservedPrefix, sameName } from "./sql-text.ts";

/** How a lookup is written. */
export type LookupType = "json" | "csv" | "parquet";

const endings: Readonly<Record<string, LookupType>> = {
  csv: "csv",
  tsv: "csv",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  parquet: "parquet",
};

/** What is wrong with the lookups, as far as the manifest tells. */
export function lookupProblems(lookups: Readonly<Record<string, Lookup>>): SqlProblem[] {
  const names = Object.keys(lookups);
  return Object.entries(lookups).flatMap(([name, lookup], index) => {
    const path = `transform.lookups.${name}`;
    const problems: SqlProblem[] = [];
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      problems.push({ path, message: `lookup ${name}: name it as a table, with letters, digits and _` });
    if (sameName(name, sourceTable))
      problems.push({ path, message: "lookup source: source is the records themselves; rename the lookup" });
    if (name.toLowerCase().startsWith(reservedPrefix))
      problems.push({ path, message: `lookup ${name}: Snowline uses this name itself; rename the lookup` });
    if (names.findIndex((other) => sameName(other, name)) < index)
      problems.push({
        path,
        message: `lookup ${name}: another lookup has the same name, as SQL does not tell upper from lower case`,
      });
    if (lookupType(lookup) === null)
      problems.push({
        path: `${path}.${member(lookup)}.type`,
        message: "the path does not end in .csv, .json, .jsonl or .parquet: set type",
      });
    const columns = lookupColumns(name, lookup);
    return areProblems(columns) ? [...problems, ...columns] : problems;
  });
}

/** The lookup's columns in DuckDB's spelling. */
export function lookupColumns(name: string, lookup: Lookup): Column[] | SqlProblem[] {
  const place = lookup.file ?? lookup.http;
  const path = `transform.lookups.${name}.${member(lookup)}`;
  if (place === undefined) return [{ path: `transform.lookups.${name}`, message: "set exactly one of: file, http" }];
  return checkColumns(place.columns, `${path}.columns`);
}

/** How the lookup is written: as the manifest says, else by its ending; null where neither tells. */
export function lookupType(lookup: Lookup): LookupType | null {
  const given = lookup.file?.type ?? lookup.http?.type;
  if (given !== undefined) return given;
  const path =
    lookup.file?.path ?? (lookup.http === undefined || !URL.canParse(lookup.http.url) ? "" : new URL(lookup.http.url).pathname);
  const ending = /\.([A-Za-z]+)(?:\.(?:gz|zst))?$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return endings[ending] ?? null;
}

/** `.gz`, `.zst`, or nothing: DuckDB tells compression by it. */
export function compressionEnding(lookup: Lookup): string {
  return /\.(?:gz|zst)$/i.exec(pathOf(lookup))?.[0].toLowerCase() ?? "";
}

/** Between the fields of a CSV file: a tab where its name ends in `.tsv`. */
export function csvDelimiter(lookup: Lookup): "," | "\t" {
  return /\.tsv(?:\.(?:gz|zst))?$/i.test(pathOf(lookup)) ? "\t" : ",";
}

/** The path of the file or in the URL. */
function pathOf(lookup: Lookup): string {
  return lookup.file?.path ?? lookup.http?.url.split(/[?#]/)[0] ?? "";
}

function member(lookup: Lookup): "file" | "http" {
  return lookup.http !== undefined ? "http" : "file";
}
