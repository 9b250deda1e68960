import { seededNoise } from "./seeded-noise.ts";

/** A course of arrivals, and what the pipeline under it is made of. */
export interface Trace {
  readonly name: string;
  /** What happens in it, in a sentence. */
  readonly what: string;
  readonly seconds: number;
  readonly partitions: number;
  readonly min: number;
  /** Records per second that arrive at a partition. */
  arrivals(second: number, partition: number): number;
  /** Records per second that the sink takes from all pods together. */
  sinkPerSecond(second: number): number;
}

/** What all of them have in common. */
export const targetLagSeconds = 60;
/** Records per second that one pod can transform. */
export const podPerSecond = 1_000;
const partitions = 12;
const hour = 3_600;
/** How much arrivals waver from one minute to the next, as a part of them. */
const waver = 0.05;

const evenly = (total: (second: number) => number, seed: number): Trace["arrivals"] => {
  const noise = seededNoise(seed, waver);
  return (second) => (total(second) * noise(second)) / partitions;
};
const endless = (): number => Number.POSITIVE_INFINITY;
const common = { partitions, min: 1, sinkPerSecond: endless };

/** From `from` to `to` between two moments, in a straight line. */
function line(second: number, [start, from]: readonly [number, number], [end, to]: readonly [number, number]): number {
  return from + ((to - from) * Math.min(Math.max(second - start, 0), end - start)) / (end - start);
}

/** Seconds from a burst to the next: no multiple of any interval at which somebody looks. */
const burstEvery = 2_407;

/** The partition that gets more than its part in the skewed trace, and how much at its height. */
const hot = { partition: 7, perSecond: 1_300 };

function skewed(second: number, partition: number): number {
  const noise = skewedNoise(second);
  const height = second >= hour && second < 2 * hour ? hot.perSecond : 250;
  return (partition === hot.partition ? height : 150) * noise;
}
const skewedNoise = seededNoise(6, waver);

/** The courses of the bench. */
export const traces: readonly Trace[] = [
  {
    ...common,
    name: "steady",
    what: "5,000 records/s from the first second on, with one pod",
    seconds: 2 * hour,
    arrivals: evenly(() => 5_000, 1),
  },
  {
    ...common,
    name: "ramp",
    what: "500 to 8,000 records/s within an hour, half an hour there, and back",
    seconds: 3 * hour,
    arrivals: evenly(
      (second) =>
        second < 1.5 * hour ? line(second, [0, 500], [hour, 8_000]) : line(second, [1.5 * hour, 8_000], [2.5 * hour, 500]),
      2,
    ),
  },
  {
    ...common,
    name: "spike",
    what: "700 records/s, ten times that for a quarter of an hour",
    seconds: 3 * hour,
    arrivals: evenly((second) => (second >= hour && second < 1.25 * hour ? 7_000 : 700), 3),
  },
  {
    ...common,
    name: "diurnal",
    what: "a day between 500 and 7,500 records/s",
    seconds: 24 * hour,
    arrivals: evenly((second) => 4_000 - 3_500 * Math.cos((2 * Math.PI * second) / (24 * hour)), 4),
  },
  {
    ...common,
    name: "bursts",
    what: "nothing but 6,000 records/s for three minutes, every 40 minutes; no pod is needed between",
    min: 0,
    seconds: 6 * hour,
    arrivals: evenly((second) => (second % burstEvery >= 1_200 && second % burstEvery < 1_380 ? 6_000 : 0), 5),
  },
  {
    ...common,
    name: "skewed",
    what: "1,900 records/s; for an hour one partition gets 1,300 records/s, more than a pod carries",
    seconds: 4 * hour,
    arrivals: skewed,
  },
  {
    ...common,
    name: "slow sink",
    what: "4,000 records/s; for 40 minutes the sink takes 2,500 records/s in all, then 9,000 again",
    seconds: 4 * hour,
    arrivals: evenly(() => 4_000, 7),
    sinkPerSecond: (second) => (second >= hour && second < hour + 40 * 60 ? 2_500 : 9_000),
  },
];
