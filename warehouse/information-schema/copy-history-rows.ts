import type { LoadedFile } from "../copy/copy-history.ts";
import { missing } from "../engine/catalog.ts";
import { objectText } from "../engine/object-name.ts";
import { SnowflakeError } from "../result.ts";
import type { KnownArguments } from "../sql/known-arguments.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { columns, type Listing } from "./listing.ts";
import { timeRange } from "./time-range.ts";

/** How far back the function reaches, as in Snowflake: 14 days. */
const historyMs = 14 * 24 * 3_600_000;

const names = columns(
  `FILE_NAME STAGE_LOCATION LAST_LOAD_TIME ROW_COUNT ROW_PARSED FILE_SIZE FIRST_ERROR_MESSAGE FIRST_ERROR_LINE_NUMBER
   FIRST_ERROR_CHARACTER_POS FIRST_ERROR_COLUMN_NAME ERROR_COUNT ERROR_LIMIT STATUS TABLE_CATALOG_NAME TABLE_SCHEMA_NAME TABLE_NAME
   PIPE_CATALOG_NAME PIPE_SCHEMA_NAME PIPE_NAME PIPE_RECEIVED_TIME`,
  {
    LAST_LOAD_TIME: "time",
    PIPE_RECEIVED_TIME: "time",
    ROW_COUNT: "number",
    ROW_PARSED: "number",
    FILE_SIZE: "number",
    FIRST_ERROR_LINE_NUMBER: "number",
    FIRST_ERROR_CHARACTER_POS: "number",
    ERROR_COUNT: "number",
    ERROR_LIMIT: "number",
  },
);

const statuses: Readonly<Record<LoadedFile["status"], string>> = {
  LOADED: "Loaded",
  LOAD_FAILED: "Load failed",
  PARTIALLY_LOADED: "Partially loaded",
};

/** INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => …, START_TIME => … [, END_TIME => …]). */
export async function copyHistory({ named, positional }: KnownArguments, { account, session }: QueryScope): Promise<Listing> {
  const text = named.get("TABLE_NAME") ?? positional[0] ?? null;
  if (text === null) throw new SnowflakeError("001044", "42601", "SQL compilation error:\nCOPY_HISTORY: TABLE_NAME is missing.");
  const name = new TokenCursor(text).objectName(session);
  const table = account.catalog.table(name, session.id);
  if (table === null) throw missing("Table", objectText(name));
  const start = named.get("START_TIME") ?? positional[1];
  const { fromMs, toMs } = timeRange(start, named.get("END_TIME") ?? positional[2]);
  if (fromMs < account.now() - historyMs)
    throw new SnowflakeError("100323", "22023", "Invalid value: START_TIME is more than 14 days ago. Use a later one.");
  const files = await account.copyHistory.list({
    table: name,
    fromMs,
    toMs: Number.isFinite(toMs) ? toMs + 1 : Number.MAX_SAFE_INTEGER,
  });
  return { columns: names, rows: files.map(row) };
}

/** ACCOUNT_USAGE.COPY_HISTORY, here without its delay. */
export async function copyHistoryView({ account }: QueryScope): Promise<Listing> {
  return { columns: names, rows: (await account.copyHistory.list({})).map(row) };
}

function row(file: LoadedFile) {
  const { firstError, pipe, table } = file;
  return [
    file.path,
    file.stageLocation,
    file.lastLoadMs,
    file.rowsLoaded,
    file.rowsParsed,
    file.bytes,
    firstError?.message ?? null,
    firstError?.line ?? null,
    firstError?.character ?? null,
    firstError?.column ?? null,
    file.errorsSeen,
    file.errorLimit,
    statuses[file.status],
    table.database,
    table.schema,
    table.name,
    pipe?.database ?? null,
    pipe?.schema ?? null,
    pipe?.name ?? null,
    file.receivedMs,
  ];
}
