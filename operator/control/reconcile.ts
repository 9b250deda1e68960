import type { ObjectKey } from "../kube/object-key.ts";

/** What a reconcile asks for. */
export interface ReconcileResult {
  /** Look again after this long even if nothing changes, in milliseconds; null: only when something changes. */
  readonly requeueAfterMs: number | null;
  /** True: nothing was written and nothing is waited for. Only counted; without it, a result that asks for nothing counts as settled. */
  readonly settled?: boolean;
}

/**
 * Brings one object to what its spec says, from whatever state it is in. Called for one key at a time. `signal` ends at the
 * deadline, when this process is no longer the leader, and at the end of the process: no write may follow. Throws TerminalError
 * where only a change of the object helps; anything else is tried again with growing pauses.
 */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

/** Trying again cannot help until the object changes. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}
