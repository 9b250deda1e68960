import type { Split } from "../component/position.ts";
import type { SplitProgress } from "../component/source.ts";

/** How far a split has been loaded, in the split's own numbers. */
export interface Loaded {
  readonly at: number;
  /** Timestamp of the last record of the last loaded batch; null before the first. */
  readonly timestampMs: number | null;
}

/** How far the table is behind one split. */
export interface SplitLag {
  readonly split: string;
  readonly topic: string;
  readonly partition: number;
  /** Records not yet loaded; null while the split's end is unknown. */
  readonly records: number | null;
  /** Age of the last loaded record while there are newer ones, else 0; null while unknown. */
  readonly seconds: number | null;
}

/** How far the table is behind the source. */
export interface Lag {
  readonly records: number | null;
  readonly seconds: number | null;
  readonly furthestBehind: SplitLag | null;
}

/** Lag of one split. What is read but not loaded still counts as lag: only the table matters. */
export function lagOf(split: Split, options: { progress: SplitProgress; loaded: Loaded | undefined; nowMs: number }): SplitLag {
  const { progress, loaded, nowMs } = options;
  const named = { split: split.id, topic: split.topic, partition: split.partition };
  const at = loaded?.at ?? progress.at;
  if (progress.end === null) return { ...named, records: null, seconds: null };
  const records = Math.max(progress.end - at, 0);
  if (records === 0) return { ...named, records, seconds: 0 };
  const timestampMs = loaded?.timestampMs ?? progress.timestampMs;
  const seconds = timestampMs === null || timestampMs < 0 ? null : Math.max(nowMs - timestampMs, 0) / 1000;
  return { ...named, records, seconds };
}

/** Sum of the records, the longest of the seconds, and the split with the most records. Null parts where no split knows. */
export function totalLag(splits: readonly SplitLag[]): Lag {
  let records: number | null = null;
  let seconds: number | null = null;
  let furthestBehind: SplitLag | null = null;
  for (const split of splits) {
    if (split.records !== null) {
      records = (records ?? 0) + split.records;
      if (split.records > (furthestBehind?.records ?? 0)) furthestBehind = split;
    }
    if (split.seconds !== null) seconds = Math.max(seconds ?? 0, split.seconds);
  }
  return { records, seconds, furthestBehind };
}
