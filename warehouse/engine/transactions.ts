import { OwnTransaction } from "./own-transaction.ts";
import { type LockState, TableLocks } from "./table-locks.ts";
import type { SessionTransaction } from "./transaction.ts";
import type { IdleLimits, OpenTransaction, TransactionsOptions } from "./transactions-options.ts";

/** The account's transactions. Each session gets its one here. */
export class Transactions {
  readonly locks = new TableLocks();
  /** Snowflake's: 4 hours, and 5 minutes. */
  readonly idleLimits: IdleLimits = { detachedMs: 4 * 3_600_000, blockingMs: 5 * 60_000 };
  readonly #options: TransactionsOptions;
  readonly #all = new Set<OwnTransaction>();
  #lastId = 0n;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  /** A session's transaction, with a DuckDB connection of its own. `detach` it when the session ends. */
  async open(session: { readonly sessionId: number; readonly user: string }): Promise<SessionTransaction> {
    const transaction = new OwnTransaction({
      ...this.#options,
      session,
      connection: await this.#options.store.connect(),
      locks: this.locks,
      idleLimits: this.idleLimits,
      nextId: () => this.#nextId(),
      closed: (closed) => this.#all.delete(closed),
    });
    this.#all.add(transaction);
    return transaction;
  }

  /** Open ones, oldest first. Gives up those that were detached for too long. */
  async list(): Promise<readonly OpenTransaction[]> {
    for (const transaction of this.#all) if (transaction.isAbandoned("detached")) await transaction.abort();
    return [...this.#all].flatMap((transaction) => transaction.describe() ?? []).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  lockStates(): readonly LockState[] {
    return this.locks.list();
  }

  /** SYSTEM$ABORT_TRANSACTION: false where no such transaction is open. */
  async abort(id: bigint): Promise<boolean> {
    for (const transaction of this.#all) {
      if (transaction.id === id) {
        await transaction.abort();
        return true;
      }
    }
    return false;
  }

  /** Ends all transactions and closes their connections. */
  async close(): Promise<void> {
    for (const transaction of this.#all) await transaction.close();
  }

  /** As Snowflake's: nanoseconds of the time it began, never twice. */
  #nextId(): bigint {
    const id = BigInt(this.#options.now()) * 1_000_000n;
    this.#lastId = id > this.#lastId ? id : this.#lastId + 1n;
    return this.#lastId;
  }
}
