import { median } from "./median.ts";
import type { CapacitySamples } from "./scaling-memory.ts";
import type { ScalingPod } from "./scaling-observation.ts";

/** Measurements kept of each quality: their median bears four outliers, and follows a real change within a minute and a half. */
export const samplesMax = 9;
/** Between two of them, in milliseconds: pods tell something new every 10 seconds. */
const sampleEveryMs = 10_000;
/** From which part of the time on a pod's work tells what it carries: below it, what each batch costs by itself hides that. */
export const workingFraction = 0.25;
/** Below this part a pod's work tells nothing at all. */
const idleFraction = 0.02;
/** From which part of the time on waiting for the sink is part of what limits a pod. */
const waitingFraction = 0.3;

/** How well it is known what a pod carries. */
export type CapacityQuality = keyof Omit<CapacitySamples, "atMs">;

/** What one pod carries. */
export interface Capacity {
  readonly perSecond: number;
  readonly quality: CapacityQuality;
}

/** Takes in what pods tell now. It is kept over times without work; the same reports do not count twice. */
export function withCapacity(before: CapacitySamples, pods: readonly ScalingPod[]): CapacitySamples {
  const atMs = Math.max(0, ...pods.map((pod) => pod.atMs));
  if (atMs - before.atMs < sampleEveryMs) return before;
  const measured = pods.flatMap((pod) => {
    const one = measure(pod);
    return one === null ? [] : [one];
  });
  const quality = (["work", "wait", "idle"] as const).find((wanted) => measured.some((one) => one.quality === wanted));
  if (quality === undefined) return before;
  const perSecond = median(measured.filter((one) => one.quality === quality).map((one) => one.perSecond))!;
  return { ...before, [quality]: [...before[quality], perSecond].slice(-samplesMax), atMs };
}

/** What a pod carries as far as it is known; null while nothing was measured. */
export function capacityOf(samples: CapacitySamples): Capacity | null {
  for (const quality of ["work", "wait", "idle"] as const) {
    const perSecond = median(samples[quality]);
    if (perSecond !== null) return { perSecond, quality };
  }
  return null;
}

/** What a pod carries while its sink is as slow as it is now; null where the sink does not hold pods up. */
export function capacityAtSink(pods: readonly ScalingPod[]): number | null {
  const waiting = pods.filter(
    ({ sinkWaitFraction, recordsPerSecond }) => sinkWaitFraction >= waitingFraction && recordsPerSecond > 0,
  );
  if (waiting.length * 2 <= pods.length) return null;
  return median(waiting.map((pod) => pod.recordsPerSecond / Math.max(pod.busyFraction, pod.sinkWaitFraction)));
}

/** What pods that have more than enough to read carry; null where fewer than half have. */
export function capacityUnderLoad(pods: readonly ScalingPod[], enoughSeconds: number): number | null {
  const loaded = pods.filter(
    ({ lagRecords, recordsPerSecond }) =>
      lagRecords !== null && recordsPerSecond > 0 && lagRecords >= recordsPerSecond * enoughSeconds,
  );
  return loaded.length * 2 <= pods.length ? null : median(loaded.map(({ recordsPerSecond }) => recordsPerSecond));
}

function measure({ recordsPerSecond, busyFraction, sinkWaitFraction }: ScalingPod): Capacity | null {
  if (recordsPerSecond <= 0 || busyFraction < idleFraction) return null;
  const perSecond = recordsPerSecond / busyFraction;
  if (busyFraction < workingFraction && sinkWaitFraction < waitingFraction) return { perSecond, quality: "idle" };
  return sinkWaitFraction < waitingFraction
    ? { perSecond, quality: "work" }
    : { perSecond: recordsPerSecond / Math.max(busyFraction, sinkWaitFraction), quality: "wait" };
}
