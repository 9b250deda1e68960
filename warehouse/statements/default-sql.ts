import { parse, bodyOf, generate, type Node } from "../sql/polyglot.ts";
import { freeExpression } from "../sql/free-expression.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { rewrite } from "../sql/rewrite.ts";

const clocks =
  /^\s*(?:CURRENT_TIMESTAMP|GETDATE|SYSTIMESTAMP|LOCALTIMESTAMP)\s*(?:\(\s*\d*\s*\))?\s*(?:::\s*TIMESTAMP(?:_\w+)?\s*(?:\(\d\))?)?\s*$/i;

/** A column's default, as Snowflake's SQL has it, in DuckDB's. The time is that of each row's statement. */
export function defaultSql(text: string, scope: QueryScope): string {
  if (clocks.test(text)) return "now()";
  if (/^\s*SYSDATE\s*\(\s*\)\s*$/i.test(text)) return "CAST(now() AS TIMESTAMP)";
  if (/^\s*UUID_STRING\s*\(\s*\)\s*$/i.test(text)) return "CAST(uuid() AS VARCHAR)";
  const select = bodyOf(parse(`SELECT ${text}`), "select");
  const [expression] = (select?.["expressions"] ?? []) as readonly Node[];
  return generate(rewrite(expression, freeExpression(scope)) as Node);
}
