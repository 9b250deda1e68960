import type { ObservedPod } from "../../../operator/pipeline/observed.ts";
import type { PodReport } from "../../../operator/pipeline/pod-report.ts";

/** A source, and what the pods of a simulated cluster make of it. */
export interface SimulatedSource {
  readonly arrivalsPerSecond: number;
  readonly lagRecords: number;
  readonly partitions: number;
  /** Records per second that a pod carries. */
  readonly carriesPerSecond: number;
  /** Records that were ever loaded. */
  readonly loaded: number;
}

/** Some seconds later, with so many pods that load. */
export function after(source: SimulatedSource, { seconds, pods }: { seconds: number; pods: number }): SimulatedSource {
  const there = source.lagRecords + source.arrivalsPerSecond * seconds;
  const loaded = Math.min(there, pods * source.carriesPerSecond * seconds);
  return { ...source, lagRecords: there - loaded, loaded: source.loaded + loaded };
}

/** What each of so many pods tells, all alike. */
export function loadTold(source: SimulatedSource, { pods, nowMs }: { pods: number; nowMs: number }): PodReport {
  const { arrivalsPerSecond, lagRecords, partitions, carriesPerSecond, loaded } = source;
  const busyFraction = lagRecords > 0 ? 1 : Math.min(1, arrivalsPerSecond / pods / carriesPerSecond);
  const hottest = { split: "orders/0", recordsPerSecond: arrivalsPerSecond / partitions };
  return {
    ...idle,
    totals: { ...idle.totals, rowsLoaded: Math.floor(loaded / pods) },
    rates: { ...idle.rates, recordsPerSecond: busyFraction * carriesPerSecond },
    lag: {
      records: Math.ceil(lagRecords / pods),
      seconds: lagRecords / Math.max(1, arrivalsPerSecond),
      furthestBehind: null,
    },
    splits: Math.ceil(partitions / pods),
    load: { busyFraction, sinkWaitFraction: 0, recordsPerSecond: busyFraction * carriesPerSecond },
    arrivals: { recordsPerSecond: arrivalsPerSecond / pods, hottest: arrivalsPerSecond === 0 ? null : hottest },
    splitsTotal: partitions,
    rebalances: { count: 0, stallSeconds: 0 },
    atMs: nowMs,
  };
}

/** What a pod tells that has nothing to do. */
export const idle: PodReport = {
  started: true,
  conditions: [],
  totals: { recordsRead: 0, rowsLoaded: 0, recordsRejected: 0 },
  rates: { recordsPerSecond: 0, rowsPerSecond: 0 },
  lag: { records: 0, seconds: 0, furthestBehind: null },
  splits: 1,
  lastLoadTime: null,
  atMs: 0,
};

/** A pod that was made just now. */
export function newPod(name: string, revision: string, nowMs: number): ObservedPod {
  return {
    name,
    // Pods are told apart by their first letters.
    uid: `${name.replace(/\D/g, "").padStart(8, "0")}-uid`,
    revision,
    image: "",
    ip: "10.0.0.1",
    phase: "Pending",
    ready: false,
    readySinceMs: nowMs,
    deleting: false,
    endDueMs: null,
    node: "node",
    createdMs: nowMs,
    ends: 0,
    waiting: null,
    ended: null,
    report: null,
    asked: true,
  };
}
