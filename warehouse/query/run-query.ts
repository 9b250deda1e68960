import type { Logger } from "pino";
import type { Account } from "../account.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import type { OpenSession } from "../sessions/open-session.ts";
import { sessionParameter } from "../sessions/session-parameters.ts";
import { splitStatements } from "../sql/split-statements.ts";
import { executeStatement } from "../statements/execute-statement.ts";
import type { Bind } from "../statements/bind.ts";
import { bindsIn } from "./binds-in.ts";
import { stagedBinds } from "./bind-stage.ts";
import { withIdentifiers } from "./identifier-binds.ts";
import { queryCounts } from "./query-counts.ts";
import { Query, type QueryOutcome, type QueryRequest } from "./query.ts";
import { queryType } from "./query-type.ts";

/** Statements of one request: as many as Snowflake's own text of a megabyte holds in practice. */
const statementsMax = 10_000;
/** setTimeout counts in 32 bits. */
const timerMsMax = 2 ** 31 - 1;
/** Number of the kind "several statements". */
const multipleStatements = 40_960;

/** Begins a request's statement or statements: they run when those before them in the session have ended. Never throws. */
export function startQuery(account: Account, session: OpenSession, request: QueryRequest, log: Logger): Query {
  const query = new Query(session, request);
  account.queries.add(query, true);
  const run = () => outcomeOf(query, log, () => runRequest(account, query, log));
  // What cancels a statement has to come through while the statement runs.
  const cancels = /^\s*SELECT\s+SYSTEM\$(?:CANCEL|ABORT)/i.test(request.text);
  void (cancels ? run() : session.inTurn(run)).then((outcome) => query.end(outcome));
  return query;
}

async function outcomeOf(
  query: Query,
  log: Logger,
  run: () => Promise<Extract<QueryOutcome, { readonly kind: "succeeded" }>>,
): Promise<QueryOutcome> {
  try {
    query.signal.throwIfAborted();
    return await run();
  } catch (error) {
    return { kind: "failed", error: asSnowflakeError(error, query, log) };
  }
}

/** What a client is told: the reason of a cancel; Snowflake's own errors; else that the server failed. */
function asSnowflakeError(error: unknown, query: Query, log: Logger): SnowflakeError {
  const reason: unknown = query.signal.reason;
  const isCancel = !(error instanceof SnowflakeError) || error.code === "000604";
  if (query.signal.aborted && isCancel && reason instanceof SnowflakeError) return reason;
  if (error instanceof SnowflakeError) return error;
  log.error({ error, queryId: query.id }, "a statement failed inside the server");
  const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  return new SnowflakeError("000603", "XX000", `SQL execution internal error:\nProcessing aborted by error 300002: ${why}`, {
    cause: error,
  });
}

async function runRequest(
  account: Account,
  query: Query,
  log: Logger,
): Promise<Extract<QueryOutcome, { readonly kind: "succeeded" }>> {
  const { request, session } = query;
  const statements = splitStatements(request.text);
  const wanted = Number(parameter(query, "MULTI_STATEMENT_COUNT"));
  if (statements.length > statementsMax)
    throw new SnowflakeError("000008", "0A000", `A request holds ${statements.length} statements: at most ${statementsMax}.`);
  if (wanted !== 0 && statements.length !== wanted && statements.length > 0 && !(wanted === 1 && statements.length === 1))
    throw new SnowflakeError(
      "000008",
      "0A000",
      `Actual statement count ${statements.length} did not match the desired statement count ${wanted}.`,
    );
  const [first = "", ...more] = statements;
  const binds = request.bindStage === null ? request.binds : await stagedBinds(account, session, request.bindStage);
  if (wanted === 1 || more.length === 0) {
    const result = await runStatement(account, query, { text: first, binds });
    return { kind: "succeeded", result, children: [] };
  }
  const children: string[] = [];
  for (const text of statements) {
    const child = new Query(session, { ...request, text });
    account.queries.add(child, false);
    children.push(child.id);
    const forward = () => child.cancel(query.signal.reason as SnowflakeError);
    query.signal.addEventListener("abort", forward, { once: true });
    const outcome = await outcomeOf(child, log, async () => ({
      kind: "succeeded",
      result: await runStatement(account, child, { text, binds: [] }),
      children: [],
    }));
    query.signal.removeEventListener("abort", forward);
    child.end(outcome);
    if (outcome.kind === "failed") throw outcome.error;
  }
  return { kind: "succeeded", result: manyResult, children };
}

const manyResult: StatementResult = {
  columns: [{ name: "multiple statement execution", type: { kind: "VARCHAR", length: 16_777_216 }, nullable: false }],
  rows: [["Multiple statements executed successfully."]],
  typeId: multipleStatements,
};

async function runStatement(
  account: Account,
  query: Query,
  statement: { readonly text: string; readonly binds: readonly Bind[] },
): Promise<StatementResult> {
  const { session, request } = query;
  const type = queryType(statement.text);
  const seconds = Number(parameter(query, "STATEMENT_TIMEOUT_IN_SECONDS"));
  const timer = setTimeout(() => query.cancel(timedOut(seconds)), Math.min(seconds * 1000, timerMsMax));
  account.queryHistory.start({
    queryId: query.id,
    queryText: statement.text,
    queryType: type.name,
    queryTag: parameter(query, "QUERY_TAG"),
    sessionId: session.id,
    userName: session.user,
    roleName: session.role,
    databaseName: session.database,
    schemaName: session.schema,
    warehouseName: type.needsWarehouse ? session.warehouse : null,
    warehouseSize: type.needsWarehouse ? sizeOf(account, session.warehouse) : null,
    startTimeMs: account.now(),
  });
  try {
    const result = await onWarehouse(account, type.needsWarehouse && !request.describeOnly ? session : null, () =>
      executeStatement({
        ...withIdentifiers({
          text: statement.text,
          // Whoever only asks for the columns has no values yet.
          binds: request.describeOnly ? padded(statement) : statement.binds,
        }),
        account,
        session,
        queryId: query.id,
        origin: request.origin,
        signal: query.signal,
        describeOnly: request.describeOnly,
      }),
    );
    account.queryHistory.succeed(query.id, account.now(), queryCounts(result));
    return result;
  } catch (error) {
    const told = query.signal.aborted && query.signal.reason instanceof SnowflakeError ? query.signal.reason : error;
    const { code, message } = told instanceof SnowflakeError ? told : { code: "000603", message: "SQL execution internal error" };
    account.queryHistory.fail(query.id, account.now(), { code, message });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function onWarehouse<T>(account: Account, session: OpenSession | null, run: () => Promise<T>): Promise<T> {
  if (session === null) return run();
  using _running = account.meter.begin(session.warehouse);
  return await run();
}

function padded({ text, binds }: { readonly text: string; readonly binds: readonly Bind[] }): readonly Bind[] {
  const lacking = Math.max(bindsIn(text) - binds.length, 0);
  return [...binds, ...Array.from({ length: lacking }, (): Bind => ({ type: "TEXT", value: null }))];
}

function parameter({ request, session }: Query, name: string): string {
  return request.parameters.get(name) ?? sessionParameter(session.parameters, name) ?? "";
}

function sizeOf(account: Account, warehouse: string | null): string | null {
  return account.meter.list().find(({ definition }) => definition.name === warehouse)?.definition.size ?? null;
}

function timedOut(seconds: number): SnowflakeError {
  return new SnowflakeError(
    "000630",
    "57014",
    `Statement reached its statement or warehouse timeout of ${seconds} second(s) and was canceled.`,
  );
}
