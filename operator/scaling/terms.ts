import { planned } from "./demand.ts";
import type { ScalingDecision } from "./scaling-decision.ts";
import type { Situation } from "./situation.ts";

/** Digits that a term keeps: a measurement is not worth more, and a status is not written for less. */
const digits = 4;

/** Every term of the formula that is known, as the status shows it. */
export function termsOf({ observation, memory, totals, capacity, load, need }: Situation): ScalingDecision["terms"] {
  const { partitions, probe } = observation;
  const lagRecords = totals.lagRecords ?? probe?.lagRecords ?? null;
  const arrivals = probe === null ? load.arrivalsPerSecond : probe.arrivalsPerSecond;
  return {
    ...known("partitions", probe?.partitions ?? partitions),
    ...known("arrivalsPerSecond", arrivals),
    ...known("hottestPerSecond", totals.hottest?.arrivalsPerSecond ?? null),
    ...known("capacityPerSecond", capacity?.perSecond ?? null),
    ...known("demandPerSecond", need?.demandPerSecond ?? null),
    ...known("lagRecords", lagRecords === null ? null : Math.round(lagRecords)),
    ...known("behindRecords", Math.round(load.behindRecords)),
    ...known("lagSeconds", totals.lagSeconds),
    ...known("busyFraction", totals.busyFraction),
    ...known("sinkWaitFraction", totals.sinkWaitFraction),
    utilization: need?.utilization ?? planned.utilization,
    catchUpSeconds: load.catchUpSeconds,
    ...known("rebalanceSeconds", memory.rebalanceSeconds),
    ...known("rawReplicas", need?.rawReplicas ?? null),
    ...known("alignedReplicas", need?.replicas ?? null),
  };
}

type Term = keyof ScalingDecision["terms"];
const known = (term: Term, value: number | null): Partial<Record<Term, number>> =>
  value === null || !Number.isFinite(value)
    ? {}
    : { [term]: Number.isInteger(value) ? value : Number(value.toPrecision(digits)) };
