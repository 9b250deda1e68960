import type { StatementResult } from "../result.ts";
import type { Query } from "./query.ts";

/** Ended queries whose results can still be asked for, … */
const endedMax = 5_000;
/** … and characters of their results together; Snowflake keeps them for 24 h. */
const charactersMax = 256 << 20;

/** The queries that run, and those that ended lately, with their results. */
export class Queries {
  readonly #byId = new Map<string, Query>();
  readonly #byRequest = new Map<string, Query>();
  /** Ended queries, oldest first, with the size of their results. */
  readonly #ended = new Map<Query, number>();
  #characters = 0;

  /** Takes a query in; its requestId finds it again in its session. */
  add(query: Query, isRequest: boolean): void {
    this.#byId.set(query.id, query);
    if (isRequest) this.#byRequest.set(requestKey(query.session.id, query.request.requestId), query);
    void query.settled.then(() => this.#keep(query));
  }

  get(queryId: string): Query | null {
    return this.#byId.get(queryId) ?? null;
  }

  /** The query that a request of this session with this requestId has begun; null where it is the first. */
  ofRequest(sessionId: number, requestId: string): Query | null {
    return this.#byRequest.get(requestKey(sessionId, requestId)) ?? null;
  }

  /** The result of a query that succeeded (RESULT_SCAN); null where it did not, or it is forgotten. */
  result(queryId: string): StatementResult | null {
    const outcome = this.#byId.get(queryId)?.outcome;
    return outcome?.kind === "succeeded" ? outcome.result : null;
  }

  /** Cancels a query (SYSTEM$CANCEL_QUERY); false where it does not run. */
  cancel(queryId: string): boolean {
    const query = this.#byId.get(queryId);
    if (query === undefined || query.outcome !== null) return false;
    query.cancel();
    return true;
  }

  /** Those that run now. */
  running(): readonly Query[] {
    return [...this.#byId.values()].filter(({ outcome }) => outcome === null);
  }

  #keep(query: Query): void {
    const size = query.outcome?.kind === "succeeded" ? sizeOf(query.outcome.result) : 0;
    this.#ended.set(query, size);
    this.#characters += size;
    for (const [oldest, characters] of this.#ended) {
      // The newest stays, however large: its client is about to read it.
      if (oldest === query || (this.#ended.size <= endedMax && this.#characters <= charactersMax)) break;
      this.#ended.delete(oldest);
      this.#characters -= characters;
      this.#byId.delete(oldest.id);
      const key = requestKey(oldest.session.id, oldest.request.requestId);
      if (this.#byRequest.get(key) === oldest) this.#byRequest.delete(key);
    }
  }
}

function requestKey(sessionId: number, requestId: string): string {
  return `${sessionId} ${requestId}`;
}

function sizeOf({ rows }: StatementResult): number {
  let characters = 0;
  for (const row of rows) for (const value of row) characters += value?.length ?? 0;
  return characters;
}
