import type { ObjectName } from "./object-name.ts";
import type { DuckDBConnection } from "@duckdb/node-api";
import { snowflakeError } from "./duckdb-errors.ts";
import { DuckdbTransaction } from "./duckdb-transaction.ts";
import { canceled, type LockOwner, type TableLocks } from "./table-locks.ts";
import type { RunOptions, SessionTransaction, Work } from "./transaction.ts";
import type { IdleLimits, OpenTransaction, TransactionsOptions } from "./transactions-options.ts";

/** What a session's transaction works with. */
export interface OwnTransactionOptions extends TransactionsOptions {
  readonly session: { readonly sessionId: number; readonly user: string };
  readonly connection: DuckDBConnection;
  readonly locks: TableLocks;
  readonly idleLimits: IdleLimits;
  nextId(): bigint;
  closed(transaction: OwnTransaction): void;
}

interface Open {
  readonly id: bigint;
  readonly name: string;
  readonly startedOnMs: number;
  readonly owner: LockOwner;
  /** Tables whose locks it holds. */
  readonly locked: Set<number>;
  /** Ends what runs or waits in it, when another session aborts it. */
  readonly aborter: AbortController;
}

/** A session's transaction: DuckDB's, with Snowflake's locks around it. Calls take turns. */
export class OwnTransaction implements SessionTransaction {
  readonly #options: OwnTransactionOptions;
  readonly #duckdb: DuckdbTransaction;
  #open: Open | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #detached = false;
  #closed = false;
  #lastUsedMs: number;
  /** Calls that run or wait. */
  #active = 0;
  #queryId = "";

  constructor(options: OwnTransactionOptions) {
    this.#options = options;
    this.#duckdb = new DuckdbTransaction(options.connection, options.versions);
    this.#lastUsedMs = options.now();
  }

  get id(): bigint | null {
    return this.#open?.id ?? null;
  }

  run<T>(work: Work<T>, options: RunOptions): Promise<T> {
    return this.#inTurn(async () => {
      if (options.signal.aborted) throw canceled(options.signal);
      this.#queryId = options.queryId;
      const own = this.#open === null;
      const open = this.#open ?? this.#start(null);
      const taken: number[] = [];
      const signal = AbortSignal.any([options.signal, open.aborter.signal]);
      try {
        await this.#lock(open, work, { options: { ...options, signal }, taken });
        const result = await this.#interruptible(signal, () => this.#duckdb.run(work, this.#tablesOf(work)));
        if (own && options.autocommit) await this.#commit();
        return result;
      } catch (error) {
        if (own) await this.#rollback();
        else for (const table of taken) this.#release(open, table);
        throw signal.aborted ? canceled(signal) : snowflakeError(error);
      }
    });
  }

  ddl<T>(run: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#commit();
      try {
        return await run(this.#options.connection);
      } catch (error) {
        throw snowflakeError(error);
      }
    });
  }

  begin(name: string | null): Promise<void> {
    // Within a transaction BEGIN does nothing, as in Snowflake.
    return this.#inTurn(async () => void (this.#open ?? this.#start(name)));
  }

  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit());
  }

  rollback(): Promise<void> {
    return this.#inTurn(() => this.#rollback());
  }

  async detach(): Promise<void> {
    this.#detached = true;
    await this.#inTurn(async () => undefined);
    if (this.#open === null) await this.close();
  }

  /** Rolls back what is open, now; what runs is interrupted. */
  async abort(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    open.aborter.abort();
    await this.#inTurn(async () => {
      if (this.#open === open) await this.#rollback();
    });
    if (this.#detached) await this.close();
  }

  /** Rolls back and closes the connection. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#inTurn(() => this.#rollback());
    this.#options.connection.closeSync();
    this.#options.closed(this);
  }

  /** True where it was idle for longer than the limit of its state. */
  isAbandoned(why: "detached" | "blocking"): boolean {
    if (this.#open === null || this.#active > 0) return false;
    const idleMs = this.#options.now() - this.#lastUsedMs;
    const { detachedMs, blockingMs } = this.#options.idleLimits;
    return (this.#detached && idleMs >= detachedMs) || (why === "blocking" && idleMs >= blockingMs);
  }

  describe(): OpenTransaction | null {
    if (this.#open === null) return null;
    const { id, name, startedOnMs } = this.#open;
    return { ...this.#options.session, id, name, startedOnMs, state: this.#detached ? "detached" : "running" };
  }

  #start(name: string | null): Open {
    const id = this.#options.nextId();
    const queryId = () => this.#queryId;
    const owner: LockOwner = {
      id,
      get queryId() {
        return queryId();
      },
      isAbandoned: () => this.isAbandoned("blocking"),
      abort: () => this.abort(),
    };
    this.#open = {
      id,
      name: name ?? crypto.randomUUID(),
      startedOnMs: this.#options.now(),
      owner,
      locked: new Set(),
      aborter: new AbortController(),
    };
    return this.#open;
  }

  async #lock(open: Open, work: Work<unknown>, { options, taken }: { options: RunOptions; taken: number[] }): Promise<void> {
    const { catalog, locks, session } = this.#options;
    for (const { table, access } of work.writes) {
      const definition = catalog.table(table, session.sessionId);
      // A temporary table is nobody else's.
      if (access !== "lock" || definition === null || definition.kind === "temporary") continue;
      const request = { table: definition.id, tableName: table.name, owner: open.owner };
      const { queryId, signal } = options;
      if (!(await locks.acquire({ ...request, queryId, signal, timeoutSeconds: options.lockTimeoutSeconds }))) continue;
      taken.push(definition.id);
      open.locked.add(definition.id);
    }
  }

  #release(open: Open, table: number): void {
    open.locked.delete(table);
    this.#options.locks.release(table, open.owner);
  }

  #tablesOf(work: Work<unknown>): { readonly touched: readonly number[]; readonly written: readonly number[] } {
    const { catalog, session } = this.#options;
    const ids = (names: readonly ObjectName[]) => names.flatMap((name) => catalog.table(name, session.sessionId)?.id ?? []);
    const written = ids(work.writes.map(({ table }) => table));
    return { touched: [...ids(work.reads), ...written], written };
  }

  async #commit(): Promise<void> {
    if (this.#open === null) return;
    try {
      await this.#duckdb.commit();
    } catch (error) {
      throw snowflakeError(error);
    } finally {
      this.#end();
    }
  }

  async #rollback(): Promise<void> {
    await this.#duckdb.rollback();
    this.#end();
  }

  #end(): void {
    const open = this.#open;
    this.#open = null;
    if (open !== null) for (const table of open.locked) this.#release(open, table);
  }

  async #interruptible<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const interrupt = () => this.#options.connection.interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      return await run();
    } finally {
      signal.removeEventListener("abort", interrupt);
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    this.#active += 1;
    const result = this.#turn.then(run).finally(() => {
      this.#active -= 1;
      this.#lastUsedMs = this.#options.now();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
