/** A pod has read a partition up to this offset. */
export interface Advance {
  readonly pod: number;
  readonly split: string;
  readonly offset: number;
  /** In milliseconds since the epoch. */
  readonly atMs: number;
}

/** For how long a partition stood still in a step of scaling. */
export interface Stall {
  readonly split: string;
  /** True: another pod reads it afterwards. */
  readonly moved: boolean;
  /** Longest time between two records of it that were read for the first time, in seconds. */
  readonly seconds: number;
}

/** A step of scaling: pods were started or told to end at its beginning, and all was calm at its end. */
export interface Step {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the step cost each partition. `advances` in the order of time, from before the step. Pure. */
export function stallsOf(advances: readonly Advance[], { fromMs, toMs }: Step): readonly Stall[] {
  return [...Map.groupBy(advances, ({ split }) => split)].map(([split, all]) => {
    let furthest = -1;
    // A record that is read again is no progress.
    const news = all.filter(({ offset }) => offset > furthest && ((furthest = offset), true));
    const before = news.findLast(({ atMs }) => atMs <= fromMs);
    const during = news.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
    const times = [before?.atMs ?? fromMs, ...during.map(({ atMs }) => atMs), toMs];
    const longest = Math.max(...times.slice(1).map((time, index) => time - times[index]!));
    return { split, moved: before?.pod !== during.at(-1)?.pod, seconds: longest / 1000 };
  });
}
