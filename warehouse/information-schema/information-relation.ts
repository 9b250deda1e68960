import type { KnownArguments } from "../sql/answers.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import type { KnownRows } from "../sql/relation-of-rows.ts";

/** A view or table function that may be one of the server's own. */
export interface InformationName {
  /** Its name's parts as stored: `["DB", "INFORMATION_SCHEMA", "TABLES"]`. */
  readonly parts: readonly string[];
  readonly isFunction: boolean;
  readonly args: KnownArguments;
}

/** The rows of a view or table function of INFORMATION_SCHEMA or SNOWFLAKE.ACCOUNT_USAGE; null for any other name. */
export async function informationRelation(_name: InformationName, _scope: QueryScope): Promise<KnownRows | null> {
  return null;
}
