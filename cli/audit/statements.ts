import type { QueryTag } from "../../runtime/snowflake/query-tag.ts";
import type { SnowflakeSession } from "../../runtime/snowflake/session.ts";
import { refusal } from "../../runtime/snowflake/errors.ts";
import { quotedName } from "../../runtime/snowflake/identifiers.ts";
import { planRun } from "../../runtime/sinks/snowflake/plan-snowflake-sink.ts";
import { readWindows, type Window } from "./windows.ts";

/** Statements of one kind. */
export interface StatementSum {
  /** As QUERY_HISTORY names it: COPY, MERGE, BEGIN_TRANSACTION. */
  readonly kind: string;
  readonly count: number;
  readonly failed: number;
  readonly rows: number;
  readonly bytesScanned: number;
  readonly seconds: number;
}

/** Statements that failed with one message. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  /** When the last of them ended, in milliseconds since the epoch. */
  readonly lastMs: number;
}

/** What a pipeline's statements did. */
export interface StatementReport {
  readonly kinds: readonly StatementSum[];
  readonly failures: readonly Failure[];
  /** Runs of the pipeline that sent them: a pod's sink is one. */
  readonly runs: number;
  /** False: the account had more statements than its history lets one read. */
  readonly complete: boolean;
}

/** Entries that INFORMATION_SCHEMA.QUERY_HISTORY gives at most. */
const entriesMax = 10_000;

/** The `run` of the statements that read the histories. */
export const auditRun = "audit";
/** Runs that are not the pipeline's own. */
const asking: ReadonlySet<string> = new Set([auditRun, planRun]);
/** Numbers by which a statement that looks for an object says that there is none. */
const notThere: ReadonlySet<number> = new Set([refusal.missing, refusal.missingSchema]);

interface Statement {
  readonly kind: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly run: string;
  readonly endMs: number;
  readonly rows: number;
  readonly bytesScanned: number;
  readonly seconds: number;
}

/** Sums up the statements that bear the pipeline's tag and ended in the window. `database` is any that the role may use. */
export async function auditStatements(
  session: SnowflakeSession,
  database: string,
  pipeline: Pick<QueryTag, "namespace" | "pipeline">,
  whole: Window,
): Promise<StatementReport> {
  const { entries, complete } = await readWindows(whole, entriesMax, (window) => read(session, database, window));
  const statements = entries.flatMap((row) => ofPipeline(row, pipeline) ?? []);
  return {
    kinds: sumsOf(statements),
    failures: failuresOf(statements),
    runs: new Set(statements.map(({ run }) => run)).size,
    complete,
  };
}

type Row = readonly (string | null)[];

async function read(session: SnowflakeSession, database: string, { fromMs, toMs }: Window): Promise<readonly Row[]> {
  const { rows } = await session.execute(
    `SELECT QUERY_TAG, QUERY_TYPE, EXECUTION_STATUS, ERROR_CODE, ERROR_MESSAGE, DATE_PART(EPOCH_MILLISECOND, END_TIME), ROWS_PRODUCED, BYTES_SCANNED, TOTAL_ELAPSED_TIME
 FROM TABLE(${quotedName(database)}.INFORMATION_SCHEMA.QUERY_HISTORY(END_TIME_RANGE_START => TO_TIMESTAMP_LTZ(${fromMs}, 3), END_TIME_RANGE_END => TO_TIMESTAMP_LTZ(${toMs - 1}, 3), RESULT_LIMIT => ${entriesMax}))`,
  );
  return rows;
}

function ofPipeline(row: Row, pipeline: Pick<QueryTag, "namespace" | "pipeline">): Statement | null {
  const [tag, kind, status, code, message, endMs, rows, bytes, elapsedMs] = row;
  const read = parsed(tag ?? "");
  const run = String(read["run"]);
  if (read["app"] !== "snowline" || read["namespace"] !== pipeline.namespace || read["pipeline"] !== pipeline.pipeline)
    return null;
  if (asking.has(run)) return null;
  const looked = kind?.startsWith("DESC") === true && notThere.has(Number(code));
  const isFailure = code !== null && code !== undefined && !/^success$/i.test(status ?? "") && !looked;
  return {
    kind: kind ?? "UNKNOWN",
    failure: isFailure ? { code, message: failureText(Number(code), message ?? "") } : null,
    run,
    endMs: Number(endMs),
    rows: Number(rows ?? 0),
    bytesScanned: Number(bytes ?? 0),
    seconds: Number(elapsedMs ?? 0) / 1000,
  };
}

function parsed(tag: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(tag);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Characters of a message that are told. */
const messageCharactersMax = 200;

/** Messages of these numbers quote values of rows, in single quotes. */
function failureText(code: number, message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  const told = code >= 100_000 && code < 110_000 ? line.replaceAll(/'(?:[^']|'')*'?/g, "'…'") : line;
  return told.slice(0, messageCharactersMax);
}

function sumsOf(statements: readonly Statement[]): readonly StatementSum[] {
  const sums = [...Map.groupBy(statements, ({ kind }) => kind)].map(([kind, all]): StatementSum => {
    const sum = (of: (statement: Statement) => number): number => all.reduce((total, statement) => total + of(statement), 0);
    return {
      kind,
      count: all.length,
      failed: all.filter(({ failure }) => failure !== null).length,
      rows: sum(({ rows }) => rows),
      bytesScanned: sum(({ bytesScanned }) => bytesScanned),
      seconds: sum(({ seconds }) => seconds),
    };
  });
  return sums.toSorted((a, b) => b.seconds - a.seconds || b.count - a.count || (a.kind < b.kind ? -1 : 1));
}

function failuresOf(statements: readonly Statement[]): readonly Failure[] {
  const failed = statements.flatMap(({ failure, endMs }) => (failure === null ? [] : [{ ...failure, endMs }]));
  return [...Map.groupBy(failed, ({ code, message }) => `${code} ${message}`).values()]
    .map((same) => ({
      code: same[0]!.code,
      message: same[0]!.message,
      count: same.length,
      lastMs: Math.max(...same.map(({ endMs }) => endMs)),
    }))
    .toSorted((a, b) => b.count - a.count || b.lastMs - a.lastMs);
}
