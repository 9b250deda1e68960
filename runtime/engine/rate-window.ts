/** Sums that only grow, at one moment. */
export interface Sums {
  readonly atMs: number;
  readonly recordsRead: number;
  readonly recordsTransformed: number;
  readonly rowsLoaded: number;
  /** Milliseconds each stage worked. */
  readonly stageMs: readonly number[];
  readonly sinkWaitMs: number;
}

/** Averages over the window. */
export interface Rates {
  /** Records read: what waits for the transform among them. */
  readonly recordsPerSecond: number;
  /** Records that came out of the transform: what the stages were busy with. */
  readonly transformedPerSecond: number;
  readonly rowsPerSecond: number;
  /** Of the stage that worked most: at 1 the pipeline cannot go faster. */
  readonly busyFraction: number;
  /** Part of the time in which a transformed batch waited for the sink: near 1 more pods would not help. */
  readonly sinkWaitFraction: number;
}

/** Over how long rates are averaged: what `status.rates` says. */
const windowMs = 60_000;

/** The samples to keep once `next` is there: those of the window, and one before it to measure from. */
export function keepSamples(samples: readonly Sums[], next: Sums): readonly Sums[] {
  const firstInside = samples.findIndex((sample) => next.atMs - sample.atMs < windowMs);
  const kept = firstInside < 0 ? samples.slice(-1) : samples.slice(Math.max(firstInside - 1, 0));
  return [...kept, next];
}

/** The averages between the oldest sample and now. */
export function ratesOf(samples: readonly Sums[], now: Sums): Rates {
  const from = samples[0];
  const elapsedMs = from === undefined ? 0 : now.atMs - from.atMs;
  if (from === undefined || elapsedMs <= 0)
    return { recordsPerSecond: 0, transformedPerSecond: 0, rowsPerSecond: 0, busyFraction: 0, sinkWaitFraction: 0 };
  const fraction = (ms: number): number => Math.min(Math.max(ms / elapsedMs, 0), 1);
  return {
    recordsPerSecond: ((now.recordsRead - from.recordsRead) * 1000) / elapsedMs,
    transformedPerSecond: ((now.recordsTransformed - from.recordsTransformed) * 1000) / elapsedMs,
    rowsPerSecond: ((now.rowsLoaded - from.rowsLoaded) * 1000) / elapsedMs,
    busyFraction: fraction(Math.max(...now.stageMs.map((ms, stage) => ms - (from.stageMs[stage] ?? 0)))),
    sinkWaitFraction: fraction(now.sinkWaitMs - from.sinkWaitMs),
  };
}
