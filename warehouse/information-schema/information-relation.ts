import { inferSchema } from "../copy/infer-schema.ts";
import { SnowflakeError } from "../result.ts";
import type { KnownArguments } from "../sql/known-arguments.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import type { KnownRows } from "../sql/relation-of-rows.ts";
import { catalogViews } from "./catalog-views.ts";
import { copyHistory, copyHistoryView } from "./copy-history-rows.ts";
import { type Listing, listingRows } from "./listing.ts";
import { meteringHistory } from "./metering-history-rows.ts";
import { queryHistory, queryHistoryView } from "./query-history-rows.ts";

/** A view or table function that may be one of the server's own. */
export interface InformationName {
  /** Its name's parts as stored: `["DB", "INFORMATION_SCHEMA", "TABLES"]`. */
  readonly parts: readonly string[];
  readonly isFunction: boolean;
  readonly args: KnownArguments;
}

const functions: Readonly<Record<string, (args: KnownArguments, scope: QueryScope) => Promise<Listing>>> = {
  QUERY_HISTORY: queryHistory,
  QUERY_HISTORY_BY_SESSION: queryHistory,
  QUERY_HISTORY_BY_USER: queryHistory,
  QUERY_HISTORY_BY_WAREHOUSE: queryHistory,
  COPY_HISTORY: copyHistory,
  INFER_SCHEMA: inferSchema,
  WAREHOUSE_METERING_HISTORY: async (_args, scope) => meteringHistory(scope),
};

const accountViews: Readonly<Record<string, (scope: QueryScope) => Promise<Listing>>> = {
  QUERY_HISTORY: queryHistoryView,
  COPY_HISTORY: copyHistoryView,
  LOAD_HISTORY: copyHistoryView,
  WAREHOUSE_METERING_HISTORY: async (scope) => meteringHistory(scope),
};

/** True for a table function of INFORMATION_SCHEMA. */
export function isInformationFunction(name: string): boolean {
  return Object.hasOwn(functions, name);
}

/** The rows of a view or table function of INFORMATION_SCHEMA or SNOWFLAKE.ACCOUNT_USAGE; null for any other name. */
export async function informationRelation(
  { parts, isFunction, args }: InformationName,
  scope: QueryScope,
): Promise<KnownRows | null> {
  const name = parts.at(-1)!;
  const schema = parts.at(-2) ?? scope.session.schema;
  const database = parts.at(-3) ?? scope.session.database;
  if (isFunction) {
    const rows = functions[name];
    return rows === undefined ? null : listingRows(await rows(args, scope));
  }
  if (database === "SNOWFLAKE" && schema === "ACCOUNT_USAGE") {
    requireAccountUsage(scope);
    const rows = accountViews[name];
    return rows === undefined ? null : listingRows(await rows(scope));
  }
  if (schema !== "INFORMATION_SCHEMA" || database === null) return null;
  const view = catalogViews[name];
  return view === undefined ? null : listingRows(await view(database, scope));
}

/** The account's histories are ACCOUNTADMIN's, and those's who have IMPORTED PRIVILEGES on the database SNOWFLAKE. */
function requireAccountUsage({ account, session }: QueryScope): void {
  const { grants } = account.catalog;
  if (grants.allows(session.role, "IMPORTED PRIVILEGES", { kind: "DATABASE", name: "SNOWFLAKE" })) return;
  throw new SnowflakeError("002003", "02000", "SQL compilation error:\nDatabase 'SNOWFLAKE' does not exist or not authorized.");
}
