import type { SessionTransaction } from "../engine/transaction.ts";
import type { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";

/** What a session begins with. */
export interface SessionStart {
  readonly user: string;
  readonly role: string;
  readonly database: string | null;
  readonly schema: string | null;
  readonly warehouse: string | null;
  readonly parameters: ReadonlyMap<string, string>;
  /** The program that signed in: `JavaScript 3.3.0`. */
  readonly client: string;
}

/** A session that somebody has signed in to. Its statements run one after the other, in the order they came. */
export class OpenSession implements Session {
  readonly id: number;
  readonly user: string;
  role: string;
  database: string | null;
  schema: string | null;
  warehouse: string | null;
  readonly parameters: Map<string, string>;
  readonly transaction: SessionTransaction;
  readonly client: string;
  /** When it was last heard of. */
  lastUsedMs: number;
  readonly #end = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  constructor(id: number, start: SessionStart, transaction: SessionTransaction, nowMs: number) {
    this.id = id;
    this.user = start.user;
    this.role = start.role;
    this.database = start.database;
    this.schema = start.schema;
    this.warehouse = start.warehouse;
    this.parameters = new Map(start.parameters);
    this.client = start.client;
    this.transaction = transaction;
    this.lastUsedMs = nowMs;
  }

  /** Aborted when the session ends; the reason is a SnowflakeError. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Runs a statement when those before it have ended. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends what runs, and waits until nothing does. */
  async end(reason: SnowflakeError): Promise<void> {
    this.#end.abort(reason);
    await this.#last;
  }
}
