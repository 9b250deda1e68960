import type { Condition } from "../../crds/kinds/condition.ts";

/** What a pod's /status tells, as far as it is read: see EngineStatus in runtime/engine/report.ts. Numbers are since the process began. */
export interface PodReport {
  readonly started: boolean;
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
  /** When it was asked, in milliseconds since the epoch. */
  readonly atMs: number;
}
