import type { QueryScope } from "../sql/query-scope.ts";
import type { StatementCall } from "./statement.ts";

/** The scope of a statement's SQL. */
export function scopeOf({ account, session, binds, queryId }: StatementCall): QueryScope {
  return { account, session, binds, queryId };
}
