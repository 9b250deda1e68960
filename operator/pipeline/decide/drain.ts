import type { Observed, ObservedPod } from "../observed.ts";
import { isAlive } from "./serving-pods.ts";

/** How far the pods have ended that are to end. */
export interface Drain {
  /** Why no pod is wanted. */
  readonly because: "Deleting" | "Suspended" | "ScaledToZero";
  /** Pods that have not ended. */
  readonly left: readonly ObservedPod[];
  /** Those of them that should have ended by now. */
  readonly overdue: readonly ObservedPod[];
  /** No pod is left, and none can come. */
  readonly done: boolean;
  /** A pod that ended before it had loaded what it had read; what it had not is read again. Null: none was seen. */
  readonly killed: string | null;
  /** When to look again for what is overdue, in milliseconds since the epoch; null: no need. */
  readonly lookAgainMs: number | null;
}

/** How long after its grace period a pod may still be seen, in milliseconds: the kubelet reports late on a busy node. */
const overdueAfterMs = 30_000;

/** Condition reason that remembers a killed pod until pods run again. */
export const killedReason = "KilledBeforeLoaded";

/** Looks at the end of the pods. `because` is why they are to end. */
export function drainOf(observed: Observed, because: Drain["because"]): Drain {
  const { deployment, nowMs, pods } = observed;
  const left = pods.filter(isAlive);
  const dues = left.flatMap(({ endDueMs }) => (endDueMs === null ? [] : [endDueMs + overdueAfterMs]));
  return {
    because,
    left,
    overdue: left.filter(({ endDueMs }) => endDueMs !== null && nowMs >= endDueMs + overdueAfterMs),
    done: left.length === 0 && noneToCome(deployment),
    killed: killedPod(observed),
    lookAgainMs: dues.filter((dueMs) => dueMs > nowMs).toSorted((a, b) => a - b)[0] ?? null,
  };
}

/** The Deployment makes no more pods, and the API server has seen it so. */
function noneToCome(deployment: Observed["deployment"]): boolean {
  if (deployment === null) return true;
  const { metadata, spec, status } = deployment;
  const observed = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return spec.replicas === 0 && observed && (status?.replicas ?? 0) === 0;
}

function killedPod({ pipeline, pods, departed }: Observed): string | null {
  const former = pipeline.status?.conditions?.find(({ type }) => type === "Draining");
  if (former === undefined) return null;
  if (former.reason === killedReason) return former.message;
  const sinceMs = Date.parse(former.lastTransitionTime);
  const ending = [...pods.filter(({ deleting }) => deleting), ...departed.filter(({ atMs }) => atMs >= sinceMs)];
  // What ended before that has been begun anew since, and had read nothing when it was told to end.
  const killed = ending.find(({ ended }) => ended !== null && ended.atMs >= sinceMs && gaveUp(ended));
  if (killed?.ended === undefined || killed.ended === null) return null;
  const { exitCode, reason } = killed.ended;
  return `pod ${killed.name} ended with code ${exitCode} (${reason}) before it had loaded all it had read: what was not loaded was given up whole and is read again, nothing is lost or doubled`;
}

/** A runtime that ends in order, but with something left to load, says so: see runtime/run-pod.ts. */
const gaveUp = ({ exitCode, reason }: NonNullable<ObservedPod["ended"]>): boolean => exitCode !== 0 || reason === "NotDrained";
