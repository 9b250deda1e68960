import type { RunOptions, Work } from "../engine/transaction.ts";
import type { StatementCall } from "./statement.ts";

/** Seconds that a statement waits for a lock where LOCK_TIMEOUT is not set, as in Snowflake. */
const lockTimeoutSeconds = 43_200;

/** Runs a statement's work in its session's transaction. */
export function runWork<T>(call: StatementCall, work: Work<T>): Promise<T> {
  return call.session.transaction.run(work, runOptions(call));
}

/** How a statement's work runs, as its session's parameters say. */
export function runOptions({ session, signal, queryId }: Pick<StatementCall, "session" | "signal" | "queryId">): RunOptions {
  return {
    signal,
    queryId,
    lockTimeoutSeconds: Number(session.parameters.get("LOCK_TIMEOUT") ?? lockTimeoutSeconds),
    autocommit: (session.parameters.get("AUTOCOMMIT") ?? "true").toLowerCase() !== "false",
  };
}
