import type { SessionTransaction } from "./engine/transaction.ts";

/** A signed-in session's state that statements read and change. */
export interface Session {
  readonly id: number;
  readonly user: string;
  role: string;
  database: string | null;
  schema: string | null;
  warehouse: string | null;
  /** ALTER SESSION SET: upper-case names. `QUERY_TAG`, `TIMEZONE`, `LOCK_TIMEOUT`, … */
  readonly parameters: Map<string, string>;
  readonly transaction: SessionTransaction;
}
