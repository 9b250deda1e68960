import { randomBytes, randomUUID } from "node:crypto";
import { SnowflakeError, type StatementResult } from "../result.ts";
import type { OpenSession } from "../sessions/open-session.ts";
import type { Bind } from "../statements/bind.ts";

/** A statement, or several, as a client sent it. */
export interface QueryRequest {
  /** The client's own; it repeats a request with the same one. */
  readonly requestId: string;
  readonly text: string;
  /** Scheme and host as the client addressed the server. */
  readonly origin: string;
  readonly binds: readonly Bind[];
  /** Where the values of array binds were put instead; null: nowhere. */
  readonly bindStage: string | null;
  /** For this request alone: QUERY_TAG, MULTI_STATEMENT_COUNT, STATEMENT_TIMEOUT_IN_SECONDS. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly describeOnly: boolean;
}

/** How a query ended. `children`: the query ids of the statements, where there were several in the request. */
export type QueryOutcome =
  | { readonly kind: "succeeded"; readonly result: StatementResult; readonly children: readonly string[] }
  | { readonly kind: "failed"; readonly error: SnowflakeError };

/** A query that runs, or has run. */
export class Query {
  readonly id: string;
  readonly session: OpenSession;
  readonly request: QueryRequest;
  /** Whoever has it may fetch the chunks of the result. */
  readonly chunkKey = randomBytes(24).toString("base64url");
  /** Null while it runs. */
  outcome: QueryOutcome | null = null;
  /** Fulfilled when it has ended, whatever way. */
  readonly settled: Promise<void>;
  /** Aborted when it is cancelled; the reason is a SnowflakeError. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #settle: () => void;

  constructor(session: OpenSession, request: QueryRequest) {
    this.id = `01${randomUUID().slice(2)}`;
    this.session = session;
    this.request = request;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settled = promise;
    this.#settle = resolve;
    this.signal = AbortSignal.any([this.#abort.signal, session.ended]);
  }

  /** Stops it where it still runs: it fails with this error. */
  cancel(error = new SnowflakeError("000604", "57014", "SQL execution canceled")): void {
    this.#abort.abort(error);
  }

  end(outcome: QueryOutcome): void {
    this.outcome = outcome;
    this.#settle();
  }
}
