import type { Contestant, View } from "./contestant.ts";

/** What `scale` of a Numaflow vertex says. */
export interface NumaflowTuning {
  readonly lookbackSeconds: number;
  readonly cooldownSeconds: number;
  readonly replicasPerScale: number;
}

/** Numaflow's defaults. */
export const numaflowDefaults: NumaflowTuning = { lookbackSeconds: 120, cooldownSeconds: 90, replicasPerScale: 2 };
const targetProcessingSeconds = 20;
const zeroReplicaSleepSeconds = 120;
/** How often a vertex is looked at, and its rates are sampled, in seconds. */
const visitSeconds = 30;
const sampleSeconds = 5;

interface Sample {
  readonly second: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly pending: number;
}

/**
 * Numaflow's formula for a source or MonoVertex (pkg/reconciler/monovertex/scaling/scaling.go): round(pending / rate / 20 s * ready pods),
 * rates and pending averaged over a lookback, at most 2 pods a step, a step every 90 seconds; from zero one pod every 120 seconds to look.
 */
export function numaflow(name: string, tuning: NumaflowTuning): Contestant {
  return {
    name,
    start: () => {
      let samples: Sample[] = [];
      let steppedAt = 0;
      return (view) => {
        const { second, replicas } = view;
        if (second % sampleSeconds === 0) {
          samples.push({ second, counters: view.counters(), pending: view.lags().reduce((sum, lag) => sum + lag, 0) });
          samples = samples.filter((sample) => second - sample.second <= tuning.lookbackSeconds);
        }
        if (second % visitSeconds !== 0) return null;
        const wanted = replicas === 0 ? peek(second - steppedAt) : wantedOf(view, samples, tuning, second - steppedAt);
        if (wanted !== null && wanted !== replicas) steppedAt = second;
        return wanted;
      };
    },
  };
}

const peek = (sinceStep: number): number | null => (sinceStep >= zeroReplicaSleepSeconds ? 1 : null);

function wantedOf(view: View, samples: readonly Sample[], tuning: NumaflowTuning, sinceStep: number): number | null {
  const { replicas, ready, trace } = view;
  if (ready !== replicas || ready === 0 || sinceStep < tuning.cooldownSeconds) return null;
  const rate = rateOf(samples);
  const pending = samples.reduce((sum, sample) => sum + sample.pending, 0) / Math.max(samples.length, 1);
  if (pending === 0 && rate === 0) return Math.max(trace.min, replicas - tuning.replicasPerScale);
  if (rate === 0) return null;
  const desired = Math.max(1, Math.min(Math.round((pending / rate / targetProcessingSeconds) * ready), Math.ceil(pending)));
  const step = Math.min(Math.max(desired, replicas - tuning.replicasPerScale), replicas + tuning.replicasPerScale);
  return Math.min(Math.max(step, trace.min, 1), trace.partitions);
}

/** Sum of what each pod's counter rose by between the samples, by the time between the first and the last. */
function rateOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.second === first.second) return 0;
  let risen = 0;
  for (let at = 1; at < samples.length; at++)
    for (const [pod, count] of samples[at]!.counters) risen += count - Math.min(samples[at - 1]!.counters.get(pod) ?? 0, count);
  return risen / (last.second - first.second);
}
