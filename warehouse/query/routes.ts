import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { Account } from "../account.ts";
import { BadRequest, type Route, type WireRequest, type WireResponse } from "../http/route.ts";
import { struck } from "../http/strike.ts";
import { SnowflakeError } from "../result.ts";
import type { OpenSession } from "../sessions/open-session.ts";
import { sessionGone, tokenExpired } from "../sessions/sessions.ts";
import type { Bind } from "../statements/bind.ts";
import { chunkKeyHeader, errorBody, queryAnswer } from "./query-answer.ts";
import type { Query, QueryRequest } from "./query.ts";
import { chunkText, resultLayout } from "./result-chunks.ts";
import { startQuery } from "./run-query.ts";

/** What the query endpoints need besides the account. */
export interface QueryRoutesOptions {
  readonly log: Logger;
  /** An answer that is not there waits so long before it says "in progress". Snowflake: 45 s. */
  readonly longPollMs: number;
}

interface QueryBody {
  readonly sqlText?: unknown;
  readonly bindings?: Readonly<Record<string, { readonly type?: string; readonly value?: unknown }>> | null;
  readonly bindStage?: string | null;
  readonly parameters?: Readonly<Record<string, unknown>> | null;
  readonly asyncExec?: boolean;
  readonly describeOnly?: boolean;
}

/** Statements: run, ask again, fetch the rows, watch, abort. */
export function queryRoutes(account: Account, options: QueryRoutesOptions): readonly Route[] {
  const signed = (handle: (request: WireRequest, session: OpenSession) => Promise<WireResponse>) => {
    return async (request: WireRequest): Promise<WireResponse> => {
      try {
        return await handle(request, await account.sessions.authenticate(request.headers.authorization));
      } catch (error) {
        if (error instanceof SnowflakeError) return { status: 200, body: errorBody(error, null) };
        throw error;
      }
    };
  };
  const known = ({ groups }: WireRequest): Query => {
    const query = account.queries.get(groups["id"] ?? "");
    if (query === null) throw new SnowflakeError("000709", "02000", `Statement ${groups["id"]} not found`);
    return query;
  };
  return [
    {
      method: "POST",
      path: /^\/queries\/v1\/query-request$/,
      handle: signed((request, session) => runRequest(account, options, request, session)),
    },
    {
      method: "GET",
      path: /^\/queries\/(?<id>[\w-]+)\/result$/,
      handle: signed(async (request) => {
        const query = known(request);
        await ended(query, options.longPollMs, request.signal);
        return queryAnswer(query, account.queries, request);
      }),
    },
    { method: "GET", path: /^\/queries\/(?<id>[\w-]+)\/chunks\/(?<at>\d+)$/, handle: (request) => chunk(account, request) },
    {
      method: "GET",
      path: /^\/monitoring\/queries\/+(?<id>[\w-]+)$/,
      handle: signed(async ({ groups }) => ({ status: 200, body: monitored(account, groups["id"]!) })),
    },
    // Before the next one, to which v1 would be a query's id.
    {
      method: "POST",
      path: /^\/queries\/v1\/abort-request$/,
      handle: signed(async (request, session) => {
        const { requestId } = (await request.json()) as { readonly requestId?: string };
        account.queries.ofRequest(session.id, requestId ?? "")?.cancel();
        return done();
      }),
    },
    {
      method: "POST",
      path: /^\/queries\/(?<id>[\w-]+)\/abort-request$/,
      handle: signed(async (request) => {
        known(request).cancel();
        return done();
      }),
    },
  ];
}

const done = (data: object | null = null): WireResponse => ({
  status: 200,
  body: { data, code: null, message: null, success: true },
});

async function runRequest(
  account: Account,
  { log, longPollMs }: QueryRoutesOptions,
  request: WireRequest,
  session: OpenSession,
): Promise<WireResponse> {
  const body = (await request.json()) as QueryBody;
  const wanted = queryRequest(request, body);
  const place = { path: `${request.method} ${request.url.pathname}`, sql: wanted.text };
  const fault = account.faults.take(["sessionGone", "tokenExpired"], place);
  if (fault?.kind === "sessionGone") {
    await account.sessions.end(session, "lose");
    throw sessionGone();
  }
  if (fault?.kind === "tokenExpired") {
    account.sessions.expireToken(session);
    throw tokenExpired();
  }
  let query: Query | null = null;
  const run = async (): Promise<WireResponse> => {
    // A driver that had no answer asks once more: what it asked for runs once.
    query = account.queries.ofRequest(session.id, wanted.requestId) ?? startQuery(account, session, wanted, log);
    const asynchronous = body.asyncExec === true;
    if (!asynchronous) await ended(query, longPollMs, request.signal);
    return queryAnswer(query, account.queries, request, asynchronous);
  };
  return struck(account.faults, place, run, async () => query?.settled);
}

function queryRequest({ url }: WireRequest, body: QueryBody): QueryRequest {
  const requestId = url.searchParams.get("requestId");
  if (requestId === null || typeof body.sqlText !== "string")
    throw new BadRequest(400, "390400", "a query request has a requestId in its address and sqlText in its body");
  const bindings = body.bindings ?? {};
  return {
    requestId,
    text: body.sqlText,
    origin: url.origin,
    binds: Object.keys(bindings)
      .toSorted((a, b) => Number(a) - Number(b))
      .map((name) => bindOf(bindings[name]!)),
    bindStage: body.bindStage ?? null,
    parameters: new Map(
      Object.entries(body.parameters ?? {})
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => [name.toUpperCase(), String(value)]),
    ),
    describeOnly: body.describeOnly === true,
  };
}

function bindOf({ type = "TEXT", value }: { readonly type?: string; readonly value?: unknown }): Bind {
  const one = (single: unknown): string | null => {
    if (single === null || single === undefined) return null;
    return typeof single === "string" ? single : JSON.stringify(single);
  };
  return { type: type.toUpperCase(), value: Array.isArray(value) ? value.map(one) : one(value) };
}

/** Waits until the query has ended, for at most so long and only while its client is there. */
async function ended(query: Query, longPollMs: number, gone: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, gone]);
  await Promise.race([query.settled, setTimeout(longPollMs, undefined, { signal }).catch(() => undefined)]);
  stop.abort();
}

async function chunk(account: Account, { groups, headers }: WireRequest): Promise<WireResponse> {
  const query = account.queries.get(groups["id"]!);
  if (query?.outcome?.kind !== "succeeded" || headers[chunkKeyHeader] !== query.chunkKey)
    return { status: 403, body: "this result is gone, or the key is not its own\n" };
  const { result } = query.outcome;
  const wanted = resultLayout(result).chunks[Number(groups["at"])];
  if (wanted === undefined) return { status: 404, body: "the result has no such chunk\n" };
  return { status: 200, headers: { "content-type": "binary/octet-stream" }, body: chunkText(result, wanted) };
}

const monitoredStates = {
  RUNNING: "RUNNING",
  SUCCESS: "SUCCEEDED",
  FAILED_WITH_ERROR: "FAILED",
  INCIDENT: "FAILED",
} as const;

function monitored(account: Account, queryId: string): object {
  const query = account.queries.get(queryId);
  const record = account.queryHistory.get(queryId);
  if (query === null && record === null) return { data: { queries: [] }, code: null, message: null, success: true };
  const { outcome } = query ?? {};
  const status =
    outcome === undefined
      ? record!.status
      : outcome === null
        ? "RUNNING"
        : outcome.kind === "failed"
          ? "FAILED_WITH_ERROR"
          : "SUCCESS";
  const error = outcome?.kind === "failed" ? outcome.error : null;
  return {
    data: {
      queries: [
        {
          id: queryId,
          status,
          state: monitoredStates[status],
          sqlText: record?.queryText ?? "",
          startTime: record?.startTimeMs ?? 0,
          endTime: record?.endTimeMs ?? 0,
          sessionId: record?.sessionId ?? query?.session.id,
          errorCode: error?.code ?? record?.errorCode ?? null,
          errorMessage: error?.message ?? record?.errorMessage ?? null,
          warehouseName: record?.warehouseName ?? null,
        },
      ],
    },
    code: null,
    message: null,
    success: true,
  };
}
