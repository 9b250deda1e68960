import type { RunOptions } from "../engine/transaction.ts";
import type { StatementCall } from "../statements/statement.ts";

/** Snowflake's LOCK_TIMEOUT where a session has not set it, in seconds. */
const lockTimeoutSeconds = 43_200;

/** How a statement's work runs in its session. */
export function runOptions({ session, signal, queryId }: StatementCall): RunOptions {
  return {
    signal,
    queryId,
    lockTimeoutSeconds: Number(session.parameters.get("LOCK_TIMEOUT") ?? lockTimeoutSeconds),
    autocommit: (session.parameters.get("AUTOCOMMIT") ?? "true").toLowerCase() !== "false",
  };
}
