import type { DuckDBConnection } from "@duckdb/node-api";
import { analyse, type Analysis } from "./analyse.ts";
import type { SqlProblem } from "./compiled.ts";
import { databaseError } from "./database-error.ts";
import { aggregateMacros } from "./functions.ts";
import { rowsOf } from "./locked-database.ts";
import { problemAt, problemOf, sqlPath } from "./sql-problem.ts";
import { type Node, parseStatement } from "./statement.ts";

const onlySelect = "only a SELECT is possible (WITH … SELECT too): a pipeline writes through its sink, never in its SQL";
const needsPivotValues = "PIVOT needs its values here: write SELECT … FROM (PIVOT source ON column IN (…) USING …)";

const infinite = "a number in the SQL is larger than a DOUBLE can be (about 1.8e308): write a smaller one, or 'Infinity'::DOUBLE";

/** A SELECT that does nothing a pipeline may not. */
export interface Accepted {
  readonly statement: Node;
  readonly query: Node;
  readonly analysis: Analysis;
}

/** Parses the owner's SQL and refuses what a pipeline may not do. It binds and runs nothing. */
export async function acceptStatement(
  connection: DuckDBConnection,
  sql: string,
  lookups: readonly string[],
): Promise<Accepted | SqlProblem[]> {
  let count: number;
  try {
    ({ count } = await connection.extractStatements(sql));
  } catch (error) {
    // Of an SQL of comments and blanks only DuckDB says no more than that it failed.
    if (databaseError(error) !== null) return [problemOf(sql, error)];
    count = 0;
  }
  if (count === 0) return [{ path: sqlPath, message: "there is no statement: write a SELECT over source" }];
  const pivot = /^\s*(?:from\b[^;]*)?\(?\s*pivot\b/is.test(sql);
  if (count > 1 && !pivot) return [{ path: sqlPath, message: `there are ${count} statements: write exactly one SELECT` }];
  const parsed = await parseStatement(connection, sql);
  if (parsed.kind === "infinite") return [{ path: sqlPath, message: infinite }];
  if (parsed.kind === "refused") return [{ path: sqlPath, message: pivot ? needsPivotValues : onlySelect }];
  const analysis = analyse(parsed.query, lookups);
  if (analysis.refused.length > 0) return analysis.refused.map(({ message, offset }) => problemAt(sql, message, offset));
  if (analysis.sources.length === 0)
    return [{ path: sqlPath, message: "the SQL does not read source, so no record would come out: select FROM source" }];
  return { statement: parsed.statement, query: parsed.query, analysis };
}

/** Names of the functions that aggregate rows, in lower case: the same in every locked database. */
export async function aggregateNames(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const rows = await rowsOf(
    connection,
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'",
  );
  return new Set([...rows.map(([name]) => String(name)), ...aggregateMacros]);
}
