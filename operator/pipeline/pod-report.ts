import type { Condition } from "../../crds/kinds/condition.ts";

/**
 * What a pod's /status/brief tells, as far as it is read: see BriefStatus in runtime/http/brief-status.ts, whose size is bounded.
 * Numbers are since the process began.
 */
export interface PodReport {
  readonly started: boolean;
  /**
   * Whether it has shown that it works: what its readiness waits for. `loaded` and `caughtUp` say that its revision works; `noSplit`
   * only that the pod stands by, which says nothing of its revision; `waiting` and `rejecting` what it lacks. Absent where an older runtime does not tell.
   */
  readonly proof?: { readonly kind: "loaded" | "caughtUp" | "noSplit" | "waiting" | "rejecting"; readonly message: string };
  readonly conditions: readonly Condition[];
  readonly totals: { readonly recordsRead: number; readonly rowsLoaded: number; readonly recordsRejected: number };
  readonly rates: { readonly recordsPerSecond: number; readonly rowsPerSecond: number };
  readonly lag: {
    readonly records: number | null;
    readonly seconds: number | null;
    readonly furthestBehind: { readonly split: string; readonly records: number | null } | null;
  };
  /** Splits it owns. */
  readonly splits: number;
  readonly lastLoadTime: string | null;
  /**
   * Part of the last minute in which the busiest stage worked, and in which a batch waited for the sink, each between 0 and 1, and the
   * records that this was for, per second; absent where an older runtime does not tell.
   */
  readonly load?: { readonly busyFraction: number; readonly sinkWaitFraction: number; readonly recordsPerSecond: number };
  /** What arrived at its splits over the last minute; absent where an older runtime does not tell, null while it is not known. */
  readonly arrivals?: {
    readonly recordsPerSecond: number | null;
    readonly hottest: { readonly split: string; readonly recordsPerSecond: number } | null;
  };
  /** Splits that there are in all, whoever reads them; null where the source does not know or an older runtime does not tell. */
  readonly splitsTotal?: number | null;
  /** Changes of its splits since it began, and for how many seconds they kept it from reading. */
  readonly rebalances?: { readonly count: number; readonly stallSeconds: number };
  /** When it was asked, in milliseconds since the epoch. */
  readonly atMs: number;
}
