import type { ScalingObservation, ScalingPod } from "./scaling-observation.ts";

/** After how long a report says nothing of now, in milliseconds: pods are asked every 10 seconds, and three answers may be late. */
const staleMs = 60_000;

/** What all pods told, taken together. */
export interface Totals {
  /** Pods that read and whose report is of now. */
  readonly pods: readonly ScalingPod[];
  /** Why this is not all there is to know, as the end of a sentence; null where it is. */
  readonly missing: string | null;
  /** Sum over them; of a pod that does not know what arrives, what it reads. */
  readonly arrivalsPerSecond: number;
  readonly recordsPerSecond: number;
  /** Sum of what is known; null where no pod knows. */
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  readonly hottest: { readonly split: string; readonly arrivalsPerSecond: number } | null;
  /** Averages over the pods that read. */
  readonly busyFraction: number;
  readonly sinkWaitFraction: number;
  /** Of the pod that works most. */
  readonly busiest: number;
}

/** Sums up the reports; one that is out of date counts as missing. */
export function totalsOf({ pods: told, nowMs, replicas, partitions }: ScalingObservation): Totals {
  const fresh = told.filter(({ atMs }) => nowMs - atMs <= staleMs);
  const pods = fresh.filter(({ splits }) => splits > 0);
  const sum = (of: (pod: ScalingPod) => number | null): number => pods.reduce((total, pod) => total + (of(pod) ?? 0), 0);
  const mean = (of: (pod: ScalingPod) => number): number => (pods.length === 0 ? 0 : sum(of) / pods.length);
  const known = (of: (pod: ScalingPod) => number | null): boolean => pods.some((pod) => of(pod) !== null);
  return {
    pods,
    missing: missingOf({ told: told.length, fresh: fresh.length, replicas, partitions, pods }),
    // What a pod reads arrived at some time: of one that does not know, it is the best there is.
    arrivalsPerSecond: sum(({ arrivalsPerSecond, recordsPerSecond }) => arrivalsPerSecond ?? recordsPerSecond),
    recordsPerSecond: sum(({ recordsPerSecond }) => recordsPerSecond),
    lagRecords: known(({ lagRecords }) => lagRecords) ? sum(({ lagRecords }) => lagRecords) : null,
    lagSeconds: known(({ lagSeconds }) => lagSeconds) ? Math.max(...pods.map(({ lagSeconds }) => lagSeconds ?? 0)) : null,
    hottest: pods.reduce<Totals["hottest"]>(
      (most, { hottest }) => (hottest !== null && hottest.arrivalsPerSecond > (most?.arrivalsPerSecond ?? 0) ? hottest : most),
      null,
    ),
    busyFraction: mean(({ busyFraction }) => busyFraction),
    sinkWaitFraction: mean(({ sinkWaitFraction }) => sinkWaitFraction),
    busiest: Math.max(0, ...pods.map(({ busyFraction }) => busyFraction)),
  };
}

interface Heard {
  readonly told: number;
  readonly fresh: number;
  readonly replicas: number;
  readonly partitions: number | null;
  readonly pods: readonly ScalingPod[];
}

function missingOf({ told, fresh, replicas, partitions, pods }: Heard): string | null {
  if (fresh < told) return `${told - fresh} of ${replicas} pods have told nothing for a minute`;
  if (fresh < replicas) return `${replicas - fresh} of ${replicas} pods do not answer`;
  const splits = pods.reduce((sum, pod) => sum + pod.splits, 0);
  if (partitions !== null && splits < partitions) return `${partitions - splits} of ${partitions} partitions are read by no pod`;
  if (pods.some(({ arrivalsPerSecond }) => arrivalsPerSecond === null)) return "not every pod knows yet what arrives";
  if (pods.some(({ lagRecords }) => lagRecords === null)) return "not every pod knows yet how far behind it is";
  return null;
}
