import type { WireRequest, WireResponse } from "../http/route.ts";
import type { SnowflakeError, StatementResult } from "../result.ts";
import { wireParameters } from "../sessions/session-parameters.ts";
import type { Queries } from "./queries.ts";
import type { Query } from "./query.ts";
import { bindsIn } from "./binds-in.ts";
import { resultLayout } from "./result-chunks.ts";
import { wireColumn } from "./wire-type.ts";

/** Header that carries the key of a result's chunks. */
export const chunkKeyHeader = "x-snowline-chunk-key";

const inProgress = { synchronous: "333333", asynchronous: "333334" } as const;

/** What a client is told of a query now: its result, its error, or that it is in progress and where to ask again. */
export function queryAnswer(query: Query, queries: Queries, request: WireRequest, asynchronous = false): WireResponse {
  const { outcome } = query;
  if (outcome === null) {
    return {
      status: 200,
      body: {
        data: {
          queryId: query.id,
          getResultUrl: `/queries/${query.id}/result`,
          queryAbortsAfterSecs: 300,
          progressDesc: null,
        },
        code: asynchronous ? inProgress.asynchronous : inProgress.synchronous,
        message: asynchronous
          ? "Query execution in progress. Asynchronous query submitted successfully."
          : "Query execution in progress.",
        success: true,
      },
    };
  }
  if (outcome.kind === "failed") return { status: 200, body: errorBody(outcome.error, query.id) };
  const { result, children } = outcome;
  return {
    status: 200,
    body: {
      data: {
        ...resultData(query, result, request),
        ...(children.length === 0 ? {} : { resultIds: children.join(","), resultTypes: resultTypes(queries, children) }),
        ...result.data,
      },
      code: null,
      message: null,
      success: true,
    },
  };
}

/** An error as drivers read it. */
export function errorBody({ code, message, sqlState }: SnowflakeError, queryId: string | null): object {
  return {
    data: { internalError: false, errorCode: code, age: 0, sqlState, queryId, line: -1, pos: -1, type: "COMPILATION" },
    code,
    message,
    success: false,
    headers: null,
  };
}

function resultData(query: Query, result: StatementResult, { url }: WireRequest): object {
  const { session, request, id } = query;
  const { inline, chunks } = resultLayout(result);
  const binds = request.binds.length;
  return {
    parameters: wireParameters(session.parameters),
    rowtype: result.columns.map(wireColumn),
    rowset: inline === result.rows.length ? result.rows : result.rows.slice(0, inline),
    total: result.rows.length,
    returned: result.rows.length,
    queryId: id,
    databaseProvider: null,
    finalDatabaseName: session.database,
    finalSchemaName: session.schema,
    finalWarehouseName: session.warehouse,
    finalRoleName: session.role,
    numberOfBinds: request.describeOnly ? bindsIn(request.text) : binds,
    // A driver that asks first (JDBC) sends lists of values only where this says so.
    arrayBindSupported: /^\s*(?:INSERT|UPDATE|DELETE|MERGE)\b/i.test(request.text),
    statementTypeId: result.typeId,
    version: 1,
    queryResultFormat: "json",
    sqlState: "00000",
    queryContext: { entries: [] },
    ...(chunks.length === 0
      ? {}
      : {
          chunks: chunks.map(({ from, to, characters }, at) => ({
            url: `${url.origin}/queries/${id}/chunks/${at}`,
            rowCount: to - from,
            uncompressedSize: characters,
            compressedSize: characters,
          })),
          chunkHeaders: { [chunkKeyHeader]: query.chunkKey },
        }),
  };
}

function resultTypes(queries: Queries, children: readonly string[]): string {
  return children.map((id) => queries.result(id)?.typeId ?? 0).join(",");
}
