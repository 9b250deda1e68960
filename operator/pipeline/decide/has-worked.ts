import type { ObservedPod } from "../observed.ts";
import type { PodReport } from "../pod-report.ts";

/** How long a ready pod is given to tell what it has done, in milliseconds: it is asked every ten seconds. After that its readiness has to do. */
const unheardMsMax = 15_000;

/**
 * Whether at least one of these ready pods has worked, as far as they tell. In a rollout beside pods that hold all splits a new pod
 * may stand by, ready without having done anything; it gets splits only as the old ones go. Such pods alone prove no revision.
 */
export function hasWorked(pods: readonly ObservedPod[], nowMs: number): boolean {
  if (unheardUntilMs(pods, nowMs) !== null) return false;
  const reports = pods.flatMap(({ report }) => report ?? []);
  return reports.length === 0 || reports.some(showsWork);
}

/** Until when to wait for what ready pods may yet tell, in milliseconds since the epoch; null: all have had their chance. */
export function unheardUntilMs(pods: readonly ObservedPod[], nowMs: number): number | null {
  const waits = pods
    .filter(({ ready, asked }) => ready && !asked)
    .map(({ readySinceMs }) => readySinceMs + unheardMsMax)
    .filter((untilMs) => untilMs > nowMs);
  return waits.length === 0 ? null : Math.max(...waits);
}

/** A pod that stood by at first says so for good: what it did afterwards is in its numbers. */
function showsWork({ proof, totals, splits, lag }: PodReport): boolean {
  if (proof === undefined || proof.kind === "loaded" || proof.kind === "caughtUp") return true;
  return totals.rowsLoaded > 0 || (splits > 0 && lag.records === 0);
}
