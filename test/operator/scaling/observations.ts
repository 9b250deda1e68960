import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import type { ScalingDecision } from "../../../operator/scaling/scaling-decision.ts";
import type { ScalingMemory } from "../../../operator/scaling/scaling-memory.ts";
import type { ScalingObservation, ScalingPod } from "../../../operator/scaling/scaling-observation.ts";

/** When these tests play, in milliseconds since the epoch. */
export const beginMs = Date.parse("2026-03-02T08:00:00Z");

/** What a pod carries where a test says nothing else, in records per second. */
const podPerSecond = 1_000;

/** All pods together, from which each gets an equal part. */
export interface Group extends Partial<Omit<ScalingObservation, "pods">> {
  /** Records per second: what arrives, and what is read where that is another number. */
  readonly arrivals?: number;
  readonly read?: number;
  readonly busy?: number;
  readonly sinkWait?: number;
  readonly lagRecords?: number;
  readonly lagSeconds?: number;
  readonly hottest?: number;
  readonly stallSeconds?: number;
  /** How old the reports are, in milliseconds. */
  readonly ageMs?: number;
}

/** 12 partitions, bounds from 1 to 12, a minute's target; a pod carries 1,000 records/s where nothing else is said. */
export function observed(group: Group): ScalingObservation {
  const { nowMs = beginMs, replicas = 1, partitions = 12 } = group;
  return {
    nowMs,
    bounds: group.bounds ?? { min: 1, max: 12, window: null },
    targetLagSeconds: group.targetLagSeconds ?? 60,
    scaleDownAfterSeconds: group.scaleDownAfterSeconds ?? 300,
    replicas,
    partitions: group.partitions === null ? null : partitions,
    pods: Array.from({ length: replicas }, (_, at) =>
      podOf(at, { ...group, nowMs, replicas, partitions: partitions ?? replicas }),
    ),
    settled: group.settled ?? true,
    probe: group.probe ?? null,
  };
}

type Sized = Group & { readonly nowMs: number; readonly replicas: number; readonly partitions: number };

function podOf(at: number, group: Sized): ScalingPod {
  const {
    nowMs,
    replicas,
    partitions,
    arrivals = 0,
    read = Math.min(arrivals, replicas * podPerSecond),
    busy = read / replicas / podPerSecond,
    lagRecords = 0,
  } = group;
  return {
    uid: `pod-${at}`,
    splits: Math.floor(partitions / replicas) + (at < partitions % replicas ? 1 : 0),
    recordsPerSecond: read / replicas,
    busyFraction: Math.min(busy, 1),
    sinkWaitFraction: group.sinkWait ?? 0,
    arrivalsPerSecond: arrivals / replicas,
    hottest: at > 0 || group.hottest === undefined ? null : { split: "orders/7", arrivalsPerSecond: group.hottest },
    lagRecords: lagRecords / replicas,
    lagSeconds: group.lagSeconds ?? (arrivals === 0 ? 0 : lagRecords / arrivals),
    rebalances: { count: group.stallSeconds === undefined ? 0 : 1, stallSeconds: group.stallSeconds ?? 0 },
    atMs: nowMs - (group.ageMs ?? 0),
  };
}

/** What is decided after so many seconds of the same, looked at every 10 seconds, while nobody acts on it. The last look is at `at.nowMs`. */
export function after(
  seconds: number,
  memory: ScalingMemory,
  group: Group,
): { memory: ScalingMemory; decision: ScalingDecision } {
  const endMs = group.nowMs ?? beginMs;
  let last = decideScaling(memory, observed({ ...group, nowMs: endMs - seconds * 1_000 }));
  for (let left = seconds - 10; left >= 0; left -= 10)
    last = decideScaling(last.memory, observed({ ...group, nowMs: endMs - left * 1_000 }));
  return last;
}
