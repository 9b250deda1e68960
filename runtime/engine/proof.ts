import type { SplitLag } from "./lag.ts";

/** Whether a pod has shown since its start that it works, beyond being connected. */
export interface Proof {
  /**
   * Proven by: `loaded` a batch of which a record passed; `caughtUp`: all its splits are open and there is nothing to load;
   * `noSplit`: the source gave it none, until it does. Not proven: `waiting`, or `rejecting`: no record has passed yet.
   */
  readonly kind: "loaded" | "caughtUp" | "noSplit" | "waiting" | "rejecting";
  /** In a sentence. */
  readonly message: string;
}

/** What a proof is found from. */
export interface Standing {
  readonly started: boolean;
  readonly totals: { readonly batches: number; readonly recordsLoaded: number; readonly recordsRejected: number };
  /** Splits that the source gave at the last claim. */
  readonly owned: number;
  /** Of those that are open. */
  readonly lag: readonly SplitLag[];
  /** How long the source has given none, in milliseconds; null where it gave some. */
  readonly splitlessMs: number | null;
}

/**
 * How long the source must have given no split before there is none for this pod, in milliseconds: in a Kafka group a new member
 * gets its part only after the others have loaded what they read of it.
 */
export const splitlessMsMin = 30_000;

/** True where this pod may take the place of another. */
export const isProven = ({ kind }: Proof): boolean => kind !== "waiting" && kind !== "rejecting";

/** What the engine has shown so far. Pure. */
export function proofOf({ started, totals, owned, lag, splitlessMs }: Standing): Proof {
  const { batches, recordsLoaded, recordsRejected } = totals;
  // What sends every record to the dead letters is the typical bad change: it is no proof that it does so durably.
  if (recordsRejected > 0 && recordsRejected >= recordsLoaded)
    return { kind: "rejecting", message: `no row is loaded yet: all ${recordsRejected} records so far were rejected` };
  if (batches > 0) return { kind: "loaded", message: "a batch is loaded" };
  if (!started) return { kind: "waiting", message: "the sink is not prepared yet, or no splits were opened" };
  if (splitlessMs !== null && splitlessMs >= splitlessMsMin)
    return { kind: "noSplit", message: "there is no split for this pod: it stands by" };
  const caughtUp = owned > 0 && lag.length === owned && lag.every(({ records }) => records === 0);
  if (caughtUp) return { kind: "caughtUp", message: "there is nothing to load" };
  return { kind: "waiting", message: "no batch is loaded yet" };
}
