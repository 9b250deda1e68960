import { planned } from "./demand.ts";
import type { Limiter } from "./scaling-decision.ts";
import type { LaggingPartition, Situation } from "./situation.ts";

/** Digits of a number that a sentence shows. */
const digits = 3;

/** How much more than on average has to arrive just now to be worth a word. */
const risingFactor = 1.2;

/** `12,300`, `0.25`: three digits are all that a measurement is worth. */
export const shownNumber = (value: number): string =>
  Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 2 });
/** `1 pod`, `3 pods`. */
export const pods = (count: number): string => counted(count, "pod");
/** `1 partition`, `3 partitions`. */
const partitions = (count: number): string => counted(count, "partition");
/** `25 %`. */
export const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;
/** `45 seconds`, `5 minutes`, `2 hours`: rounded up, so that what is promised has happened by then. */
export function duration(seconds: number): string {
  if (seconds < 120) return counted(Math.ceil(seconds), "second");
  return seconds < 7_200 ? counted(Math.ceil(seconds / 60), "minute") : counted(Math.ceil(seconds / 3_600), "hour");
}

const counted = (count: number, noun: string): string => `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;

/** What arrives, what is behind and what a pod carries, as the middle of a sentence. */
export function loadWords({ load, rising, capacity, totals }: Situation): string {
  const lag = load.behindRecords > 0 ? ` and ${shownNumber(load.behindRecords)} records are to be caught up` : "";
  const carries = capacity === null ? "" : `; a pod carries ${shownNumber(capacity.perSecond)} records/s`;
  const behind = totals.lagSeconds === null ? "" : `, ${duration(totals.lagSeconds)} behind`;
  const now =
    rising.arrivalsPerSecond > risingFactor * load.arrivalsPerSecond
      ? ` (just now ${shownNumber(rising.arrivalsPerSecond)})`
      : "";
  return `${shownNumber(load.arrivalsPerSecond)} records/s arrive${now}${behind}${lag}${carries}`;
}

/** What a number of pods follows from, by the name of it. */
export function boundWords(limiter: Limiter, { observation, need }: Situation): string {
  const { bounds } = observation;
  const from = bounds.window === null ? "scaling" : `the window ${bounds.window}`;
  switch (limiter) {
    case "Maximum":
      return `${pods(need?.replicas ?? bounds.max)} would do, but max is ${bounds.max} in ${from}: raise it if the lag is to fall sooner`;
    case "Minimum":
      return `min is ${bounds.min} in ${from}`;
    case "Partitions":
      return `the source has ${partitions(observation.partitions ?? 0)}, and no partition is read by two pods: more partitions would help, or a cheaper transform`;
    default:
      return `pods are to be ${percent(need?.utilization ?? planned.utilization)} used, so that a peak finds room`;
  }
}

/** Why no number of pods helps a partition, and what does. */
export function laggingWords({ split, arrivalsPerSecond }: LaggingPartition, { capacity }: Situation): string {
  const spread = "spread its keys more evenly, or give the pods more CPU";
  if (arrivalsPerSecond === null)
    return `one pod with one partition is behind while the others have time to spare: further pods cannot share its work; ${spread}`;
  return (
    `${split ?? "one partition"} alone gets ${shownNumber(arrivalsPerSecond)} records/s, ` +
    `and a pod carries ${shownNumber(capacity?.perSecond ?? 0)}: further pods cannot share its work; ${spread}`
  );
}
