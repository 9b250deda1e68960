import { effectAfterMs, withReading } from "./arrival-trend.ts";
import { withCapacity, capacityOf } from "./capacity.ts";
import type { ScalingMemory } from "./scaling-memory.ts";
import type { ScalingObservation } from "./scaling-observation.ts";
import { blockAfter, effectOf, type Judged, watchedStep } from "./step-effect.ts";
import { withStep } from "./steps-taken.ts";
import type { Totals } from "./totals.ts";

/** How long pods must have neither started nor ended before their work is a measure, in milliseconds: the first batches are slow. */
const measureAfterMs = 15_000;
/** Bounds of what is learned of a start, in seconds: one that never comes to an end is no forecast. */
const startSecondsMin = 5;
const startSecondsMax = 300;

/** What is known besides the reports when they are taken in. */
export interface Lagging {
  /** Whether there is something to catch up. */
  readonly behind: boolean;
  /** Whether one partition is what lags. */
  readonly skewed: boolean;
}

/** The memory with what the observation adds to it. */
export function learn(memory: ScalingMemory, observation: ScalingObservation, totals: Totals, lagging: Lagging): ScalingMemory {
  const moved = withMove(memory, observation);
  const settledMs = moved.settledSinceMs === null ? -1 : observation.nowMs - moved.settledSinceMs;
  const measured: ScalingMemory = {
    ...moved,
    rebalanceSeconds: rebalanceSecondsOf(totals) ?? moved.rebalanceSeconds,
    capacity: settledMs >= measureAfterMs ? withCapacity(moved.capacity, totals.pods) : moved.capacity,
    readings:
      totals.missing === null && totals.pods.length > 0 ? readingsOf(moved, observation, totals, lagging.behind) : moved.readings,
    unread: unreadAfter(moved, observation, totals),
  };
  return judged(measured, settledMs, { totals, nowMs: observation.nowMs, ...lagging, perSecond: workPerSecond(measured) });
}

/** Notes that the number of pods is another, whoever changed it, and how long pods took to start. */
function withMove(memory: ScalingMemory, { replicas, nowMs, settled }: ScalingObservation): ScalingMemory {
  const step =
    memory.replicas === null || memory.replicas === replicas ? null : { atMs: nowMs, from: memory.replicas, to: replicas };
  // From and to nothing costs nobody any reading.
  const counted = step !== null && step.from > 0 && step.to > 0 ? step : null;
  const settledNow = settled && step === null;
  const begunMs = memory.unsettledSinceMs;
  const started = settledNow && begunMs !== null && memory.watched !== null && memory.watched.to > memory.watched.from;
  return {
    ...memory,
    replicas,
    steps: withStep(memory.steps, counted, nowMs),
    watched: step === null ? memory.watched : watchedStep(memory.readings, step),
    settledSinceMs: settledNow ? (memory.settledSinceMs ?? nowMs) : null,
    unsettledSinceMs: settledNow ? null : ((step === null ? begunMs : null) ?? nowMs),
    startSeconds: started ? smoothed(memory.startSeconds, (nowMs - begunMs) / 1000) : memory.startSeconds,
  };
}

const smoothed = (before: number | null, seconds: number): number => {
  const bounded = Math.min(Math.max(seconds, startSecondsMin), startSecondsMax);
  return before === null ? bounded : (before + bounded) / 2;
};

function rebalanceSecondsOf({ pods }: Totals): number | null {
  const count = pods.reduce((sum, { rebalances }) => sum + rebalances.count, 0);
  const seconds = pods.reduce((sum, { rebalances }) => sum + rebalances.stallSeconds, 0);
  return count === 0 ? null : seconds / count;
}

function readingsOf(
  memory: ScalingMemory,
  { nowMs }: ScalingObservation,
  totals: Totals,
  behind: boolean,
): ScalingMemory["readings"] {
  const { arrivalsPerSecond, recordsPerSecond, busiest, hottest } = totals;
  const hottestPerSecond = hottest?.arrivalsPerSecond ?? 0;
  const reading = { atMs: nowMs, arrivalsPerSecond, hottestPerSecond, recordsPerSecond, busyFraction: busiest, behind };
  return withReading(memory.readings, reading);
}

function unreadAfter({ unread }: ScalingMemory, { probe, replicas }: ScalingObservation, totals: Totals): boolean {
  if (replicas === 0) return probe === null ? unread : probe.lagRecords === null;
  return unread && totals.recordsPerSecond === 0;
}

const workPerSecond = ({ capacity }: ScalingMemory): number | null => {
  const known = capacityOf(capacity);
  return known?.quality === "work" ? known.perSecond : null;
};

/** Looks whether the last step brought something, once that is to be seen, and whether an earlier judgement still holds. */
function judged(memory: ScalingMemory, settledMs: number, seen: Judged): ScalingMemory {
  const due = memory.watched !== null && settledMs >= effectAfterMs && seen.totals.missing === null;
  const effect = due && memory.watched !== null ? effectOf(memory.watched, seen) : null;
  const block = effect ?? blockAfter(memory.block, seen);
  // What pods told of the time of the block is no measure of what they carry without it.
  const lifted = memory.block !== null && block === null && memory.settledSinceMs !== null;
  return {
    ...memory,
    watched: due ? null : memory.watched,
    block,
    settledSinceMs: lifted ? seen.nowMs : memory.settledSinceMs,
  };
}
