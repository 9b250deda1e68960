import { refusal, StatementRefused } from "../../runtime/snowflake/errors.ts";
import { quotedName, textLiteral } from "../../runtime/snowflake/identifiers.ts";
import type { SnowflakeSession } from "../../runtime/snowflake/session.ts";
import { fileReport } from "../../runtime/sinks/snowflake/snowpipe/file-report.ts";
import type { WholeName } from "../../runtime/sinks/snowflake/sink-names.ts";
import { readWindows, type Window } from "./windows.ts";

/** What was loaded from files into a table, by whomever: the load history knows no tags. */
export interface FileSum {
  readonly loaded: number;
  readonly failed: number;
  readonly rows: number;
  readonly bytes: number;
  /** Why files were not loaded whole, without values of rows. */
  readonly failures: readonly { readonly message: string; readonly count: number }[];
  /** False: there were more files than the history lets one read. */
  readonly complete: boolean;
}

/** Entries that INFORMATION_SCHEMA.COPY_HISTORY gives at most. */
const entriesMax = 10_000;

/** Sums up the load history of a table in the window; null where the table is not there, or the role may not see it. */
export async function auditFiles(session: SnowflakeSession, table: WholeName, whole: Window): Promise<FileSum | null> {
  try {
    return await sumOf(session, table, whole);
  } catch (error) {
    if (error instanceof StatementRefused && (error.code === refusal.missing || error.code === refusal.missingSchema))
      return null;
    throw error;
  }
}

async function sumOf(session: SnowflakeSession, table: WholeName, whole: Window): Promise<FileSum> {
  const { entries, complete } = await readWindows(whole, entriesMax, async ({ fromMs, toMs }) => {
    const { rows } = await session.execute(
      `SELECT STATUS, ROW_COUNT, FILE_SIZE, FIRST_ERROR_MESSAGE, FIRST_ERROR_COLUMN_NAME, FIRST_ERROR_LINE_NUMBER
 FROM TABLE(${quotedName(table.database)}.INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => ${textLiteral(table.sql)}, START_TIME => TO_TIMESTAMP_LTZ(${fromMs}, 3), END_TIME => TO_TIMESTAMP_LTZ(${toMs - 1}, 3)))`,
    );
    return rows;
  });
  const files = entries.map(([status, rows, bytes, message, column]) => ({
    report: fileReport(status ?? "", Number(rows ?? 0), { message: message ?? null, column: column ?? null, line: null }),
    bytes: Number(bytes ?? 0),
  }));
  const loaded = files.filter(({ report }) => report.kind === "loaded");
  const errors = files.flatMap(({ report }) => (report.kind === "failed" || report.kind === "partly" ? [report.error] : []));
  return {
    loaded: loaded.length,
    failed: errors.length,
    rows: files.reduce((sum, { report }) => sum + (report.kind === "loaded" || report.kind === "partly" ? report.rows : 0), 0),
    bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
    failures: [...Map.groupBy(errors, (error) => error)]
      .map(([message, same]) => ({ message, count: same.length }))
      .toSorted((a, b) => b.count - a.count),
    complete,
  };
}
