import type { QueryRecord } from "../history/query-history.ts";
import type { KnownArguments } from "../sql/known-arguments.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { columns, type Listing } from "./listing.ts";
import { timeRange } from "./time-range.ts";

/** Statements that the function gives where RESULT_LIMIT does not say. */
const limitDefault = 100;
/** The most that RESULT_LIMIT gives, as in Snowflake. */
const limitMax = 10_000;

const names = columns(
  `QUERY_ID QUERY_TEXT DATABASE_NAME SCHEMA_NAME QUERY_TYPE SESSION_ID USER_NAME ROLE_NAME WAREHOUSE_NAME WAREHOUSE_SIZE QUERY_TAG
   EXECUTION_STATUS ERROR_CODE ERROR_MESSAGE START_TIME END_TIME TOTAL_ELAPSED_TIME BYTES_SCANNED ROWS_PRODUCED ROWS_INSERTED
   ROWS_UPDATED ROWS_DELETED`,
  {
    SESSION_ID: "number",
    ERROR_CODE: "number",
    START_TIME: "time",
    END_TIME: "time",
    TOTAL_ELAPSED_TIME: "number",
    BYTES_SCANNED: "number",
    ROWS_PRODUCED: "number",
    ROWS_INSERTED: "number",
    ROWS_UPDATED: "number",
    ROWS_DELETED: "number",
  },
);

/** INFORMATION_SCHEMA.QUERY_HISTORY(…): newest first. Other users' statements are seen by ACCOUNTADMIN and by who may MONITOR their warehouse. */
export async function queryHistory({ named }: KnownArguments, scope: QueryScope): Promise<Listing> {
  const { account, session } = scope;
  const { fromMs, toMs } = timeRange(named.get("END_TIME_RANGE_START"), named.get("END_TIME_RANGE_END"));
  const limit = Math.min(Number(named.get("RESULT_LIMIT") ?? limitDefault), limitMax);
  const equal = (name: string, value: string | null) => (named.get(name) ?? null) === null || named.get(name) === value;
  const records = account.queryHistory
    .list()
    .toReversed()
    .filter(({ endTimeMs }) => (endTimeMs ?? account.now()) >= fromMs && (endTimeMs ?? account.now()) <= toMs)
    .filter((record) => equal("SESSION_ID", String(record.sessionId)) && equal("USER_NAME", record.userName))
    .filter((record) => equal("WAREHOUSE_NAME", record.warehouseName))
    .filter((record) => record.userName === session.user || mayMonitor(record, scope))
    .slice(0, limit);
  return { columns: names, rows: records.map((record) => row(record, account.now())) };
}

/** ACCOUNT_USAGE.QUERY_HISTORY, here without its delay. */
export async function queryHistoryView({ account }: QueryScope): Promise<Listing> {
  return { columns: names, rows: account.queryHistory.list().map((record) => row(record, account.now())) };
}

function mayMonitor({ warehouseName }: QueryRecord, { account, session }: QueryScope): boolean {
  const { grants } = account.catalog;
  return grants.allows(session.role, "MONITOR", { kind: "WAREHOUSE", name: warehouseName ?? "" });
}

function row(record: QueryRecord, nowMs: number) {
  const { counts } = record;
  return [
    record.queryId,
    record.queryText,
    record.databaseName,
    record.schemaName,
    record.queryType,
    record.sessionId,
    record.userName,
    record.roleName,
    record.warehouseName,
    record.warehouseSize,
    record.queryTag,
    record.status,
    record.errorCode,
    record.errorMessage,
    record.startTimeMs,
    record.endTimeMs,
    (record.endTimeMs ?? nowMs) - record.startTimeMs,
    counts.bytesScanned,
    counts.rowsProduced,
    counts.rowsInserted,
    counts.rowsUpdated,
    counts.rowsDeleted,
  ];
}
