import { partitionSteps } from "../../../operator/scaling/partition-steps.ts";
import type { Contestant, View } from "./contestant.ts";

/** `job.autoscaler.*`, in seconds. */
export interface FlinkTuning {
  readonly metricsWindow: number;
  readonly stabilization: number;
  readonly catchUp: number;
  readonly restart: number;
  readonly scaleDownInterval: number;
}

/** Flink's defaults. */
export const flinkDefaults: FlinkTuning = {
  metricsWindow: 900,
  stabilization: 300,
  catchUp: 1_800,
  restart: 300,
  scaleDownInterval: 3_600,
};
const utilization = 0.7;
/** What a step down takes away at most, as a part. */
const scaleDownMax = 0.6;
/** Utilization at which there are more pods, and at which fewer. */
const [full, empty] = [1, 0.4];
/** A lag of so many seconds' work lets nothing be taken away. */
const lagSeconds = 300;
const evaluateSeconds = 60;

interface Sample {
  readonly second: number;
  readonly read: number;
  readonly busy: number;
  readonly lag: number;
}

/** The means over the window. */
interface Evaluated {
  readonly arrivals: number;
  readonly perPod: number;
  readonly lag: number;
  readonly rate: number;
}

/**
 * The formula of Flink's autoscaler (AutoScalerUtils, ScalingMetricEvaluator, JobVertexScaler): capacity rate / busy, demand
 * arrivals / 0.7 + lag / catch-up + arrivals * restart / catch-up, nothing within a band around it, fewer pods after the greatest
 * recommendation of an hour. Its metrics fill a window of 15 minutes anew after each step. It scales to no less than one.
 */
export function flink(name: string, tuning: FlinkTuning): Contestant {
  return {
    name,
    start: () => {
      let samples: Sample[] = [];
      let steppedAt = 0;
      let recommended: { second: number; replicas: number }[] = [];
      return (view) => {
        const { second, replicas } = view;
        if (!view.settled || second - steppedAt < tuning.stabilization) {
          samples = [];
          return replicas === 0 ? 1 : null;
        }
        if (second % evaluateSeconds !== 0) return null;
        samples = [...samples, sampleOf(view)].filter((sample) => second - sample.second <= tuning.metricsWindow);
        if (second - samples[0]!.second < tuning.metricsWindow - evaluateSeconds) return null;
        const wanted = wantedOf(evaluate(samples), view, tuning);
        recommended = [...recommended, { second, replicas: wanted }].filter(
          (one) => second - one.second <= tuning.scaleDownInterval,
        );
        const lasting = second - recommended[0]!.second >= tuning.scaleDownInterval - evaluateSeconds;
        const to = wanted > replicas ? wanted : lasting ? Math.max(...recommended.map((one) => one.replicas)) : replicas;
        if (to === replicas) return null;
        steppedAt = second;
        return to;
      };
    },
  };
}

function sampleOf(view: View): Sample {
  const reports = view.reports();
  const sum = (of: (report: (typeof reports)[number]) => number): number => reports.reduce((all, report) => all + of(report), 0);
  return {
    second: view.second,
    read: sum(({ recordsPerSecond }) => recordsPerSecond),
    // Flink takes the busiest subtask's.
    busy: Math.max(0, ...reports.map(({ busyFraction }) => busyFraction)),
    lag: view.lags().reduce((all, lag) => all + lag, 0),
  };
}

function evaluate(samples: readonly Sample[]): Evaluated {
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const rate = mean(({ read }) => read);
  const growth = last.second === first.second ? 0 : (last.lag - first.lag) / (last.second - first.second);
  const busy = mean((sample) => sample.busy);
  return { arrivals: Math.max(0, rate + growth), perPod: busy === 0 ? Infinity : rate / busy, lag: last.lag, rate };
}

function wantedOf({ arrivals, perPod: capacity, lag, rate }: Evaluated, { replicas, trace }: View, tuning: FlinkTuning): number {
  const demand = (used: number, restart: number): number =>
    lag / tuning.catchUp + (arrivals * restart) / tuning.catchUp + arrivals / used;
  const behind = rate > 0 && lag > lagSeconds * rate;
  const tooFew = capacity < demand(full, 0);
  const tooMany = !behind && capacity > demand(empty, tuning.restart);
  if (!tooFew && !tooMany) return replicas;
  const factor = Math.max(demand(utilization, tuning.restart) / capacity, 1 - scaleDownMax);
  const wanted = Math.min(Math.max(Math.ceil(factor * replicas), 1), trace.partitions);
  // Aligned to the next number at which a subtask has fewer partitions.
  return partitionSteps(trace.partitions).find((step) => step >= wanted) ?? trace.partitions;
}
