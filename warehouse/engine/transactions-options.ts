import type { Catalog } from "./catalog.ts";
import type { Store } from "./store.ts";
import type { TableVersions } from "./table-versions.ts";

/** For how long a transaction may be idle, in milliseconds. Tests set them. */
export interface IdleLimits {
  /** Where its session has ended. */
  detachedMs: number;
  /** Where another transaction waits for its locks. */
  blockingMs: number;
}

/** An open transaction, as SHOW TRANSACTIONS lists it. */
export interface OpenTransaction {
  readonly id: bigint;
  readonly name: string;
  readonly user: string;
  readonly sessionId: number;
  readonly startedOnMs: number;
  readonly state: "running" | "detached";
}

/** What transactions work with. */
export interface TransactionsOptions {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly versions: TableVersions;
  readonly now: () => number;
}
