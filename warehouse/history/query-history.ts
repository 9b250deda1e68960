/** How a statement ended, or that it has not. `RESUMING_WAREHOUSE` and the like are not told apart from RUNNING. */
export type QueryStatus = "RUNNING" | "SUCCESS" | "FAILED_WITH_ERROR" | "INCIDENT";

/** Counts of a statement, as far as they are known. */
export interface QueryCounts {
  /** Rows of the result; of DML and COPY the rows that it inserted, updated, deleted or loaded. */
  readonly rowsProduced: number;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  readonly bytesScanned: number;
}

/** One statement of the account. Its binds' values are never kept. */
export interface QueryRecord {
  readonly queryId: string;
  readonly queryText: string;
  /** First words: SELECT, INSERT, COPY, BEGIN_TRANSACTION, … as QUERY_HISTORY says it. */
  readonly queryType: string;
  readonly queryTag: string;
  readonly sessionId: number;
  readonly userName: string;
  readonly roleName: string;
  readonly databaseName: string | null;
  readonly schemaName: string | null;
  readonly warehouseName: string | null;
  readonly warehouseSize: string | null;
  /** Milliseconds since the epoch. */
  readonly startTimeMs: number;
  readonly endTimeMs: number | null;
  readonly status: QueryStatus;
  /** Digits without leading zeros, as QUERY_HISTORY shows it. */
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly counts: QueryCounts;
}

/** Statements that are remembered: the oldest go first. A bench of an hour makes fewer. */
const recordsMax = 100_000;
/** As long as ACCOUNT_USAGE's QUERY_HISTORY would keep nothing away from an audit of some days: characters of a text that are kept. */
const textCharactersMax = 100_000;

/** What a statement starts with. */
export type QueryStart = Omit<QueryRecord, "endTimeMs" | "status" | "errorCode" | "errorMessage" | "counts">;

const noCounts: QueryCounts = { rowsProduced: 0, rowsInserted: 0, rowsUpdated: 0, rowsDeleted: 0, bytesScanned: 0 };

/** Every statement of the account, in the order they began; bounded, the oldest are forgotten. */
export class QueryHistory {
  readonly #records = new Map<string, QueryRecord>();

  start(query: QueryStart): void {
    this.#records.set(query.queryId, {
      ...query,
      queryText: query.queryText.slice(0, textCharactersMax),
      endTimeMs: null,
      status: "RUNNING",
      errorCode: null,
      errorMessage: null,
      counts: noCounts,
    });
    if (this.#records.size > recordsMax) this.#records.delete(this.#records.keys().next().value!);
  }

  succeed(queryId: string, endTimeMs: number, counts: Partial<QueryCounts>): void {
    this.#change(queryId, { endTimeMs, status: "SUCCESS", counts: { ...noCounts, ...counts } });
  }

  fail(queryId: string, endTimeMs: number, error: { readonly code: string; readonly message: string }): void {
    const errorCode = error.code.replace(/^0+(?=\d)/, "");
    this.#change(queryId, { endTimeMs, status: "FAILED_WITH_ERROR", errorCode, errorMessage: error.message });
  }

  get(queryId: string): QueryRecord | null {
    return this.#records.get(queryId) ?? null;
  }

  /** Oldest first. */
  list(): readonly QueryRecord[] {
    return [...this.#records.values()];
  }

  /** Forgets everything. */
  clear(): void {
    this.#records.clear();
  }

  #change(queryId: string, change: Partial<QueryRecord>): void {
    const record = this.#records.get(queryId);
    if (record !== undefined) this.#records.set(queryId, { ...record, ...change });
  }
}
