import { NotConnected } from "../../component/errors.ts";
import { refusal, StatementRefused } from "../../snowflake/errors.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { endTransaction, openTransactions, ownerIn } from "./own-transaction.ts";
import type { SinkSetup } from "./sink-setup.ts";

/** Snowflake's LOCK_TIMEOUT of our sessions: one statement's wait. Whoever holds the positions' lock holds it for two statements, a second or so. */
export const lockTimeoutMs = 10_000;

/** How long one waits. */
export interface LockPatience {
  /** A holder that has not changed for this long is taken for dead, and its transaction ended. At least one LOCK_TIMEOUT. */
  readonly abortAfterMs: number;
  /** Longest wait altogether, whoever holds the lock; then NotConnected, and the engine tries again. */
  readonly waitMsMax: number;
}

/** For the positions table, which only this pipeline writes, in a session with this LOCK_TIMEOUT. */
export function patienceWith(timeoutMs: number): LockPatience {
  return { abortAfterMs: timeoutMs, waitMsMax: 6 * timeoutMs };
}
/** The same for the usual LOCK_TIMEOUT. */
export const positionsPatience = patienceWith(lockTimeoutMs);

interface Holder {
  readonly id: string | null;
  readonly sinceMs: number;
}

/**
 * Runs a statement that may have to wait for a lock. A transaction of this pipeline that goes on holding it is a dead one's: its
 * session ended between two statements, and Snowflake keeps such transactions for hours. It is ended with
 * SYSTEM$ABORT_TRANSACTION, which is safe whoever it is: it has not committed, and its owner, if there is one, finds that out
 * (`areCommitted`).
 */
export async function lockPatiently<T>(
  statement: () => Promise<T>,
  session: SnowflakeSession,
  setup: SinkSetup,
  { abortAfterMs, waitMsMax }: LockPatience,
): Promise<T> {
  const { context } = setup;
  const beganMs = context.now();
  let holder: Holder = { id: null, sinceMs: beganMs };
  for (;;) {
    try {
      return await statement();
    } catch (error) {
      if (!(error instanceof StatementRefused) || error.code !== refusal.lock) throw error;
      const id = /\btransaction (?<id>\d+)\b/i.exec(error.message)?.groups?.["id"] ?? null;
      const nowMs = context.now();
      if (id === null || nowMs - beganMs >= waitMsMax) {
        throw new NotConnected(
          `table: another transaction keeps its lock${id === null ? "" : ` (${id})`}: SHOW LOCKS IN ACCOUNT tells whose it is`,
        );
      }
      if (holder.id !== id) holder = { id, sinceMs: nowMs };
      else if (nowMs - holder.sinceMs >= abortAfterMs) {
        const named = (await openTransactions(session)).find((open) => open.id === id)?.name;
        if (named !== undefined && ownerIn(named, setup) === null) {
          throw new NotConnected(
            `table: transaction ${id}, which is none of this pipeline's, keeps its lock: SHOW TRANSACTIONS tells whose it is`,
          );
        }
        if (named !== undefined) await endTransaction(session, id, setup);
        holder = { id: null, sinceMs: nowMs };
      }
    }
  }
}
