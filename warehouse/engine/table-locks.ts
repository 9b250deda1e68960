import { SnowflakeError } from "../result.ts";

/** A transaction that holds locks. */
export interface LockOwner {
  readonly id: bigint;
  /** The statement that took its last lock. */
  readonly queryId: string;
  /** True where it blocks others and nobody has used it for so long that it is to be given up. */
  isAbandoned(): boolean;
  /** Rolls it back, which releases its locks. */
  abort(): Promise<void>;
}

/** A lock that is wanted. */
export interface LockRequest {
  readonly table: number;
  /** For messages. */
  readonly tableName: string;
  readonly owner: LockOwner;
  readonly queryId: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** A lock that is held or waited for, as SHOW LOCKS lists it. */
export interface LockState {
  readonly table: number;
  readonly owner: LockOwner;
  readonly status: "HOLDING" | "WAITING";
}

/** Statements that may wait for one lock; the next one fails. Snowflake's own limit. */
const waitersMax = 20;
/** How often a waiter looks whether the holder was abandoned: small against the minutes after which it is. */
const lookMs = 250;

interface Waiter {
  readonly owner: LockOwner;
  grant(): void;
}

interface Lock {
  owner: LockOwner;
  readonly waiters: Waiter[];
}

/** Exclusive locks of tables, each given to those who wait for it in the order they came. */
export class TableLocks {
  readonly #locks = new Map<number, Lock>();

  /** Waits for the lock. True where the owner did not hold it before. Throws SnowflakeError 000625 where it cannot have it. */
  async acquire(request: LockRequest): Promise<boolean> {
    const lock = this.#locks.get(request.table);
    if (lock === undefined) {
      this.#locks.set(request.table, { owner: request.owner, waiters: [] });
      return true;
    }
    if (lock.owner === request.owner) return false;
    if (lock.waiters.length >= waitersMax)
      throw refused(request, lock.owner, `the number of waiters for this lock exceeds the ${waitersMax} statements limit`);
    if (this.#wouldDeadlock(request.owner, lock.owner)) throw refused(request, lock.owner, "it would be a deadlock");
    if (request.timeoutSeconds <= 0) throw refused(request, lock.owner, "LOCK_TIMEOUT is 0 seconds");
    await this.#wait(lock, request);
    return true;
  }

  /** Gives the owner's lock of the table to who waits first. */
  release(table: number, owner: LockOwner): void {
    const lock = this.#locks.get(table);
    if (lock?.owner !== owner) return;
    const next = lock.waiters.shift();
    if (next === undefined) this.#locks.delete(table);
    else {
      lock.owner = next.owner;
      next.grant();
    }
  }

  list(): readonly LockState[] {
    return [...this.#locks].flatMap(([table, lock]) => [
      { table, owner: lock.owner, status: "HOLDING" as const },
      ...lock.waiters.map(({ owner }) => ({ table, owner, status: "WAITING" as const })),
    ]);
  }

  async #wait(lock: Lock, request: LockRequest): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { owner: request.owner, grant: resolve };
    lock.waiters.push(waiter);
    const leave = (error: Error) => {
      const at = lock.waiters.indexOf(waiter);
      // Not among them any more: the lock was given in the meantime.
      if (at === -1) return;
      lock.waiters.splice(at, 1);
      reject(error);
    };
    const cancel = () => leave(canceled(request.signal));
    // A timer holds at most 24.8 days.
    const timeoutMs = Math.min(request.timeoutSeconds * 1000, 2 ** 31 - 1);
    const timeout = setTimeout(
      () => leave(refused(request, lock.owner, `it waited for its LOCK_TIMEOUT of ${request.timeoutSeconds} seconds`)),
      timeoutMs,
    );
    const look = setInterval(() => {
      if (lock.owner.isAbandoned()) void lock.owner.abort();
    }, lookMs);
    request.signal.addEventListener("abort", cancel, { once: true });
    if (request.signal.aborted) cancel();
    try {
      await promise;
    } finally {
      clearTimeout(timeout);
      clearInterval(look);
      request.signal.removeEventListener("abort", cancel);
    }
  }

  /** True where the holder waits, over any number of others, for what the owner holds. */
  #wouldDeadlock(owner: LockOwner, holder: LockOwner): boolean {
    const blockedBy = new Map(
      [...this.#locks.values()].flatMap((lock) => lock.waiters.map((waiter) => [waiter.owner, lock.owner] as const)),
    );
    // A transaction waits for one lock at a time, so there are no more steps than those who wait.
    let next: LockOwner | undefined = holder;
    for (let step = 0; step <= blockedBy.size && next !== undefined; step += 1) {
      if (next === owner) return true;
      next = blockedBy.get(next);
    }
    return false;
  }
}

/** What a statement fails with whose signal was aborted. */
export function canceled(signal: AbortSignal): SnowflakeError {
  return signal.reason instanceof SnowflakeError
    ? signal.reason
    : new SnowflakeError("000604", "57014", "SQL execution canceled");
}

function refused(request: LockRequest, holder: LockOwner, why: string): SnowflakeError {
  return new SnowflakeError(
    "000625",
    "57014",
    `Statement '${holder.queryId}' has locked table '${request.tableName}' in transaction ${holder.id} and this lock has not yet been released.\nYour statement '${request.queryId}' was aborted because ${why}.`,
  );
}
