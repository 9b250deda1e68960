import { arrivingNow, behindThroughout, effectAfterMs } from "./arrival-trend.ts";
import { type Capacity, capacityAtSink, capacityOf, capacityUnderLoad } from "./capacity.ts";
import { type Carriers, carriedBy, fullestOf, isOverfull, type Load, type Need, needOf } from "./demand.ts";
import { learn } from "./learn.ts";
import type { ScalingMemory } from "./scaling-memory.ts";
import type { ScalingObservation } from "./scaling-observation.ts";
import { stallSecondsOf } from "./steps-taken.ts";
import { type Totals, totalsOf } from "./totals.ts";

/** Within how long a lag is to be caught up at least, in seconds: pods alone need half of that to start. */
const catchUpSecondsMin = 60;
/** Seconds that pods take to start, while none was seen to. */
const startSecondsAssumed = 30;
/** How much later a decision would come that waited for the next reports, in seconds. */
const reportsSeconds = 20;
/** Part of the lag target that may be used up before it is acted on a rise that the averages do not show yet. */
const urgentFraction = 0.75;
/** Pods that work less than this part of the time are not what a lag comes from. */
const unhurriedFraction = 0.5;
/** Part of all that lags which one pod must have to be the one that lags. */
const concentratedFraction = 0.8;
/** How much more than is read arrives where pods fall behind: more than averages waver. */
const fallingBehindFactor = 1.1;
/** Seconds' worth of records that a pod must have before it, so that it reads as fast as it can. */
const loadedSeconds = 30;

/** What a decision is made from. */
export interface Situation {
  readonly observation: ScalingObservation;
  readonly memory: ScalingMemory;
  readonly totals: Totals;
  /** Null while nothing was measured. */
  readonly capacity: Capacity | null;
  readonly load: Load;
  /** The load as it is just now, which averages over a minute do not show yet. */
  readonly rising: Load;
  /** What the load needs; null where it is not known what a pod carries. */
  readonly need: Need | null;
  /** What is needed for what arrives alone, be it caught up or not; null where it is not known what a pod carries. */
  readonly lasting: Need | null;
  /** Whether the pods there are do not do any more. */
  readonly overfull: boolean;
  /** Whether what arrives rises so fast that the target would be missed before the averages show it. */
  readonly urgent: boolean;
  /** Whether there is something to catch up that more pods can catch up. */
  readonly behind: boolean;
  /** Why one partition holds up the others' work; null where none does. */
  readonly lagging: LaggingPartition | null;
  /** There is a lag, but pods have time to spare: it comes from how seldom they load. */
  readonly unhurried: boolean;
  /** Nothing arrives and nothing is left to load. */
  readonly quiet: boolean;
}

/** A partition that is too much for a pod, or whose pod alone is behind. */
export interface LaggingPartition {
  readonly split: string | null;
  readonly arrivalsPerSecond: number | null;
}

/** Takes the observation in, and works out what it comes to. */
export function situationOf(before: ScalingMemory, observation: ScalingObservation): Situation {
  const totals = totalsOf(observation);
  const catchUpSeconds = Math.max(catchUpSecondsMin, observation.targetLagSeconds);
  const arrivalsPerSecond = arrivalsOf(before, totals);
  // Half of the target is allowed: pods gather records before they load them, and that is no lag to catch up.
  const allowed = (arrivalsPerSecond * observation.targetLagSeconds) / 2;
  const behindRecords = Math.max(0, (totals.lagRecords ?? 0) - allowed);
  const unhurried = behindRecords > 0 && !isFallingBehind(totals) && isUnhurried(before, observation.nowMs);
  const alone = isConcentrated(totals);
  const memory = learn(before, observation, totals, { behind: behindRecords > 0, skewed: alone });
  const load: Load = {
    arrivalsPerSecond,
    hottestPerSecond: totals.hottest?.arrivalsPerSecond ?? 0,
    behindRecords: unhurried || alone ? 0 : behindRecords,
    catchUpSeconds,
    rebalanceSeconds: stallSecondsOf(memory.rebalanceSeconds),
  };
  const known = { observation, memory, totals, load, unhurried, behind: behindRecords > 0 && !unhurried };
  const rising = risingLoad(known, load);
  const needed = needsOf(known, load, rising);
  const skewed = needed.need?.skewed === true;
  return {
    ...known,
    ...needed,
    rising,
    lagging:
      skewed || alone
        ? { split: skewed ? totals.hottest!.split : null, arrivalsPerSecond: skewed ? rising.hottestPerSecond : null }
        : null,
    quiet: totals.missing === null && totals.pods.length > 0 && totals.arrivalsPerSecond === 0 && totals.lagRecords === 0,
  };
}

/** What arrives; where not every pod tells, no less than when they last did. */
function arrivalsOf({ readings }: ScalingMemory, { missing, arrivalsPerSecond }: Totals): number {
  return missing === null ? arrivalsPerSecond : Math.max(arrivalsPerSecond, readings.at(-1)?.arrivalsPerSecond ?? 0);
}

type Known = Pick<Situation, "observation" | "memory" | "totals" | "behind">;

type Needs = Pick<Situation, "capacity" | "need" | "lasting" | "overfull" | "urgent">;

function needsOf(known: Known, load: Load, rising: Load): Needs {
  const { memory, observation, totals } = known;
  const { partitions, replicas } = observation;
  const capacity = capacityOf(memory.capacity);
  if (capacity === null) return { capacity, need: null, lasting: null, overfull: false, urgent: false };
  const carriers: Carriers = { perSecond: Math.min(capacity.perSecond, loadedCapacity(known) ?? Infinity), partitions };
  const atSink: Carriers = { partitions, perSecond: Math.min(carriers.perSecond, capacityAtSink(totals.pods) ?? Infinity) };
  const startSeconds = memory.startSeconds ?? startSecondsAssumed;
  return {
    capacity: { ...capacity, perSecond: carriers.perSecond },
    need: needOf(grown(rising, { carriers, replicas, startSeconds }), carriers),
    // Fewer pods stop the reading, too, but when there is no lag that has room within the target.
    lasting: needOf({ ...load, behindRecords: 0, rebalanceSeconds: 0 }, atSink),
    overfull: isOverfull(replicas, load, carriers),
    urgent: isUrgent(known, rising, carriers.perSecond),
  };
}

/** The load as it is just now, where averages hide that it is rising. */
function risingLoad({ memory, totals, observation }: Known, load: Load): Load {
  const now = totals.missing === null ? arrivingNow(memory.readings, memory.settledSinceMs ?? Infinity) : null;
  if (now === null || load.behindRecords > 0) return { ...load, ...now };
  const behindRecords = Math.max(0, (totals.lagRecords ?? 0) - (now.arrivalsPerSecond * observation.targetLagSeconds) / 2);
  return { ...load, ...now, behindRecords };
}

/** With what will have come in addition by the time that more pods work. */
function grown(
  load: Load,
  { carriers, replicas, startSeconds }: { carriers: Carriers; replicas: number; startSeconds: number },
): Load {
  const comingRecords = Math.max(0, load.arrivalsPerSecond - carriedBy(replicas, carriers)) * startSeconds;
  return load.behindRecords > 0 ? { ...load, behindRecords: load.behindRecords + comingRecords } : load;
}

/** Whether waiting until the averages show a rise would break the target. */
function isUrgent({ memory, observation, totals }: Known, rising: Load, perSecond: number): boolean {
  const fullest = fullestOf(observation.replicas, rising, observation.partitions);
  if (fullest <= perSecond || totals.lagSeconds === null || totals.missing !== null) return false;
  const seconds = (memory.startSeconds ?? startSecondsAssumed) + reportsSeconds;
  const reached = totals.lagSeconds + (1 - perSecond / fullest) * seconds;
  return reached >= urgentFraction * observation.targetLagSeconds;
}

/** What pods carry that have more than enough to read, once no average holds a time before their last change; null otherwise. */
function loadedCapacity({ memory, observation, totals }: Known): number | null {
  if (memory.block?.kind === "SinkLimited" || memory.settledSinceMs === null) return null;
  // Pods that have time to spare and keep up with what arrives could carry more: they only load seldom.
  if (!isFallingBehind(totals) && Math.max(totals.busiest, totals.sinkWaitFraction) < unhurriedFraction) return null;
  const times = { sinceMs: memory.settledSinceMs, nowMs: observation.nowMs };
  return behindThroughout(memory.readings, times) ? capacityUnderLoad(totals.pods, loadedSeconds) : null;
}

/** Whether clearly more arrives than is read. */
const isFallingBehind = ({ arrivalsPerSecond, recordsPerSecond }: Totals): boolean =>
  arrivalsPerSecond > fallingBehindFactor * recordsPerSecond;

/** Whether there has been a lag for a minute and a bit, while even the busiest pod had time to spare. */
function isUnhurried({ readings, settledSinceMs }: ScalingMemory, nowMs: number): boolean {
  const spare = readings.every(({ atMs, busyFraction }) => nowMs - atMs > effectAfterMs || busyFraction < unhurriedFraction);
  return spare && behindThroughout(readings, { sinceMs: settledSinceMs ?? nowMs, nowMs });
}

/** Whether next to all that lags lies in a pod that has but one partition, while the others have time to spare. */
function isConcentrated({ pods, lagRecords }: Totals): boolean {
  if (pods.length < 2 || lagRecords === null || lagRecords === 0) return false;
  const last = pods.toSorted((a, b) => (a.lagRecords ?? 0) - (b.lagRecords ?? 0)).at(-1)!;
  const others = pods.filter((pod) => pod !== last);
  const idle = others.every(({ busyFraction }) => busyFraction < unhurriedFraction);
  return last.splits === 1 && (last.lagRecords ?? 0) >= concentratedFraction * lagRecords && idle;
}
