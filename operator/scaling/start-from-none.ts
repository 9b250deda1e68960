import { clamp } from "./clamp.ts";
import { needOf } from "./demand.ts";
import type { Situation } from "./situation.ts";
import type { Verdict } from "./verdict.ts";
import { pods, shownNumber } from "./wording.ts";

/** Where no pod runs: as many as are needed at once, from what the source itself says. Null where pods run. */
export function startFromNone(situation: Situation): Verdict | null {
  const { observation } = situation;
  const { bounds, probe, partitions } = observation;
  if (observation.replicas > 0) return null;
  const range = { bounds, partitions: probe?.partitions ?? partitions };
  const waiting = { replicas: 0, lookAgainMs: null };
  if (probe === null) {
    if (bounds.min > 0)
      return { replicas: bounds.min, limiter: "Minimum", message: `${pods(bounds.min)} to begin with`, lookAgainMs: null };
    return { ...waiting, limiter: "Idle", message: "no pod runs: what there is to read is not known yet" };
  }
  if (probe.lagRecords === null) {
    const replicas = clamp(1, range);
    const message = `${pods(replicas)}: nothing was ever loaded, and only a running pod can tell where to begin`;
    return { replicas, limiter: "NotMeasured", message, lookAgainMs: null };
  }
  if (probe.lagRecords === 0 && bounds.min === 0)
    return { ...waiting, limiter: "Idle", message: "no pod runs: all that there was to read is loaded" };
  const replicas = clamp(neededFor(situation), range);
  const arriving = probe.arrivalsPerSecond === null ? "" : `, and ${shownNumber(probe.arrivalsPerSecond)} records/s arrive`;
  const message = `${pods(replicas)}: ${shownNumber(probe.lagRecords)} records wait${arriving}`;
  return { replicas, limiter: limiterOf(replicas, situation), message, lookAgainMs: null };
}

/** How much more arrives than an average says that began before the first record came: it came half-way, as far as anybody knows. */
const onsetFactor = 2;

function neededFor({ capacity, load, observation, memory }: Situation): number {
  const { probe } = observation;
  if (capacity === null || probe === null) return 1;
  const [lagRecords, average] = [probe.lagRecords ?? 0, probe.arrivalsPerSecond ?? 0];
  // What has waited for less than catching up may take has only begun to come.
  const arrivalsPerSecond = lagRecords <= average * load.catchUpSeconds ? onsetFactor * average : average;
  const behindRecords = lagRecords + arrivalsPerSecond * (memory.startSeconds ?? 0);
  const begun = { ...load, arrivalsPerSecond, behindRecords, hottestPerSecond: 0 };
  return needOf(begun, { perSecond: capacity.perSecond, partitions: probe.partitions }).replicas;
}

const limiterOf = (replicas: number, { observation, capacity }: Situation): Verdict["limiter"] => {
  if (replicas >= observation.bounds.max) return "Maximum";
  if (replicas === observation.bounds.min) return "Minimum";
  return capacity === null ? "NotMeasured" : "Demand";
};
