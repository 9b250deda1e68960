import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Connection, FileAndStageBindStatement, RowStatement } from "snowflake-sdk";
import { NotConnected } from "../component/errors.ts";
import { loadDriver } from "./driver.ts";
import { signInError, statementError } from "./errors.ts";
import { textLiteral } from "./identifiers.ts";
import { type QueryTag, queryTagText } from "./query-tag.ts";
import type { DriverCredentials } from "./sign-in.ts";

// The driver's retryTimeout is at least 300 s, whatever it is told, and a call to a dead address takes 202 s: each call has a
// deadline of ours, after which the session is given up.
/** How long a call is waited for. */
export interface Deadlines {
  readonly signInMs: number;
  readonly statementMs: number;
  readonly putMs: number;
  readonly signOutMs: number;
}
const usualDeadlines: Deadlines = {
  /** One request; Snowflake answers in about a second. */
  signInMs: 30_000,
  /** Statements about names and positions: they may wait for a lock (`lockTimeoutMs` at most) and for a warehouse to resume (seconds). */
  statementMs: 180_000,
  /** A file of up to some hundred MB over a slow line. */
  putMs: 600_000,
  /** A courtesy: it ends an open transaction at once. */
  signOutMs: 5000,
};
/**
 * Sign-ins are repeated by the engine, with backoff, and it says so in the conditions; the driver would go on with them in the
 * background after we gave up. Statements it repeats for a minute or two, with the same request id, and nobody can tell it not to.
 */
const driverRetries = { sfRetryMaxLoginRetries: 1 };
/** A statement that we no longer wait for ends by itself a little later. */
const statementTimeoutMarginMs = 30_000;

/** A value for a `?` of a statement. */
export type Bind = string | number | boolean | null;

/** What a statement answered. */
export interface Answer {
  readonly queryId: string;
  /** As Snowflake names them: upper case in ordinary results, lower case in those of SHOW, LIST and COPY. */
  readonly columns: readonly string[];
  /** Values as text, in the order of `columns`. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows inserted, updated and deleted; 0 for other statements. */
  readonly changed: number;
}

/** How a statement is run. */
export interface ExecuteOptions {
  readonly binds?: readonly Bind[];
  /** Instead of the usual deadline, for statements that load. */
  readonly deadlineMs?: number;
}

/**
 * One session; one call at a time. Every call has a deadline of ours. When it passes, or when the session is gone, the call throws
 * NotConnected, `alive` turns false, and what the statement did is not known. What Snowflake refuses is thrown as
 * StatementRefused or Terminal (errors.ts); the session goes on.
 */
export interface SnowflakeSession extends AsyncDisposable {
  /** False: open another one. */
  readonly alive: boolean;
  execute(sql: string, options?: ExecuteOptions): Promise<Answer>;
  /**
   * Uploads a file under its own name, as it is; `stage` is such as `@"DB"."SCHEMA"."STAGE"/folder`. Returns once the stage has
   * all its bytes; throws NotConnected where it has not.
   */
  put(path: string, stage: string): Promise<void>;
}

/** What a session is opened with. Names are as Snowflake stores them. */
export interface SessionOptions {
  readonly url: string;
  /** Account identifier for the issuer of a token. */
  readonly account: string;
  readonly credentials: DriverCredentials;
  readonly role: string | null;
  readonly warehouse: string | null;
  readonly tag: QueryTag;
  /** How long a statement waits for another transaction's lock. */
  readonly lockTimeoutMs: number;
  /** No statement runs longer: what is given up here ends there. */
  readonly longestStatementMs: number;
  /** For tests. */
  readonly deadlines?: Partial<Deadlines>;
}

/** Signs in. Throws NotConnected where there is no answer, Terminal where the account says no. */
export async function openSession(options: SessionOptions): Promise<SnowflakeSession> {
  const driver = await loadDriver();
  const subject = `account ${options.url}`;
  const { credentials, account, url, role, warehouse, tag } = options;
  let connection: Connection;
  try {
    connection = driver.createConnection({
      ...credentials,
      account,
      accessUrl: url,
      ...(role === null ? {} : { role }),
      ...(warehouse === null ? {} : { warehouse }),
      ...driverRetries,
      application: "Snowline",
      queryTag: queryTagText(tag),
      rowMode: "array",
      fetchAsString: ["String", "Boolean", "Number", "Date", "JSON", "Buffer"],
      // Else SQL's NULL would come as the text NULL.
      representNullAsStringNull: false,
      // Else it makes a double of each long number on the way to its text, and reports to Snowflake what it has lost by that.
      jsTreatIntegerAsBigInt: true,
      clientSessionKeepAlive: false,
      clientStoreTemporaryCredential: false,
    });
  } catch (error) {
    throw signInError(error, subject);
  }
  const session = new DriverSession(connection, subject, { ...usualDeadlines, ...options.deadlines });
  await session.signIn();
  await session.execute(
    [
      "ALTER SESSION SET TIMEZONE = 'UTC'",
      "AUTOCOMMIT = TRUE",
      "ABORT_DETACHED_QUERY = TRUE",
      `LOCK_TIMEOUT = ${Math.ceil(options.lockTimeoutMs / 1000)}`,
      `STATEMENT_TIMEOUT_IN_SECONDS = ${Math.ceil((options.longestStatementMs + statementTimeoutMarginMs) / 1000)}`,
    ].join(" "),
  );
  return session;
}

type Statement = RowStatement | FileAndStageBindStatement;

class DriverSession implements SnowflakeSession {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #deadlines: Deadlines;
  #alive = true;

  constructor(connection: Connection, subject: string, deadlines: Deadlines) {
    this.#connection = connection;
    this.#subject = subject;
    this.#deadlines = deadlines;
  }

  get alive(): boolean {
    return this.#alive;
  }

  async signIn(): Promise<void> {
    await this.#bounded<void>({
      what: "sign-in",
      deadlineMs: this.#deadlines.signInMs,
      // The promise of connectAsync is kept also where the account refuses; only connect's callback knows.
      start: (settle) => {
        this.#connection.connect((error) => settle(error ?? null));
        return () => undefined;
      },
      failed: (error) => {
        this.#giveUp();
        return signInError(error, this.#subject);
      },
    });
  }

  async execute(sql: string, { binds = [], deadlineMs = this.#deadlines.statementMs }: ExecuteOptions = {}): Promise<Answer> {
    const { statement, rows } = await this.#run({ sql, binds, deadlineMs, expected: () => null });
    return {
      queryId: statement.getQueryId(),
      columns: statement.getColumns()?.map((column) => column.getName()) ?? [],
      rows: rows as (string | null)[][],
      changed: Math.max(statement.getNumUpdatedRows() ?? 0, 0),
    };
  }

  async put(path: string, stage: string): Promise<void> {
    const { size } = await stat(path);
    const sql = `PUT ${textLiteral(`file://${path}`)} ${stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE`;
    const failed = (message: string | null | undefined): NotConnected =>
      new NotConnected(
        `${this.#subject}: file ${basename(path)} did not get into the stage (${reasonOf(message)}): check that the stage's storage can be reached from here`,
      );
    // What storage answers is thrown without a number of Snowflake's, and the session is none the worse.
    const uploadError = (error: unknown): Error | null =>
      error instanceof Error && !("code" in error) ? failed(error.message) : null;
    const { statement, rows } = await this.#run({ sql, binds: [], deadlineMs: this.#deadlines.putMs, expected: uploadError });
    const names = statement.getColumns()?.map((column) => column.getName().toLowerCase()) ?? [];
    const uploaded = (rows as (string | null)[][]).map((row) => new Map(names.map((name, at) => [name, row[at] ?? null])));
    const [file] = uploaded;
    // Nor is every failed upload an error to the driver: it may be a row whose status is not UPLOADED.
    const status = file?.get("status");
    const whole = Number(file?.get("sourcesize")) === size && Number(file?.get("targetsize")) >= size;
    if (uploaded.length === 1 && (status === "UPLOADED" || status === "SKIPPED") && whole) return;
    throw failed(file?.get("message"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#alive) return;
    this.#alive = false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#deadlines.signOutMs);
      this.#connection.destroy(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** `expected` says what an error means that is not the statement's or the session's; null: it is one of these. */
  #run(call: {
    readonly sql: string;
    readonly binds: readonly Bind[];
    readonly deadlineMs: number;
    expected(error: unknown): Error | null;
  }): Promise<{ statement: Statement; rows: unknown[] }> {
    const { sql, binds } = call;
    return this.#bounded({
      what: "the statement",
      deadlineMs: call.deadlineMs,
      start: (settle) => {
        const statement = this.#connection.execute({
          sqlText: sql,
          ...(binds.length === 0 ? {} : { binds: [...binds] }),
          complete: (error, done, rows) => settle(error ?? null, { statement: done, rows: rows ?? [] }),
        });
        return () => statement.cancel(() => undefined);
      },
      failed: (error) => {
        const known = call.expected(error);
        if (known !== null) return known;
        const told = statementError(error, this.#subject);
        if (told instanceof NotConnected) this.#giveUp();
        return told;
      },
    });
  }

  /** Waits for the driver's callback, but not longer than the deadline. */
  #bounded<T>(call: {
    readonly what: string;
    readonly deadlineMs: number;
    /** Answers how to cancel. */
    start(settle: (error: unknown, value?: T) => void): () => void;
    failed(error: unknown): Error;
  }): Promise<T> {
    if (!this.#alive) return Promise.reject(new NotConnected(`${this.#subject}: the session is closed`));
    return new Promise<T>((resolve, reject) => {
      let cancel = (): void => undefined;
      const timer = setTimeout(() => {
        cancel();
        this.#giveUp();
        reject(new NotConnected(`${this.#subject}: ${call.what} was not answered within ${call.deadlineMs / 1000} s`));
      }, call.deadlineMs);
      const settle = (error: unknown, value?: T): void => {
        clearTimeout(timer);
        if (error === null) resolve(value as T);
        else reject(call.failed(error));
      };
      try {
        cancel = call.start(settle);
      } catch (error) {
        settle(error);
      }
    });
  }

  /** The server should not keep a transaction of ours open; whether it hears this is not waited for. */
  #giveUp(): void {
    this.#alive = false;
    try {
      this.#connection.destroy(() => undefined);
    } catch {
      // A connection that never was, or is no more.
    }
  }
}

/** What the driver's message says without addresses, which hold signatures at times. */
function reasonOf(message: string | null | undefined): string {
  return /\bE[A-Z]{4,}\b|status code \d+|\bstatus \d{3}\b/.exec(message ?? "")?.[0] ?? "no reason given";
}
