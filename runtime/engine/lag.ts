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
  /**
   * At most how old the oldest record is that is not loaded, 0 where all are: no older than the last that is loaded, and than the
   * moment at which all of them were. Null while unknown.
   */
  readonly seconds: number | null;
}

/** How far the table is behind the source. */
export interface Lag {
  readonly records: number | null;
  readonly seconds: number | null;
  readonly furthestBehind: SplitLag | null;
}

/** What is known of a split. */
export interface SplitStanding {
  readonly progress: SplitProgress;
  readonly loaded: Loaded | undefined;
  /** When all of it was loaded last; undefined: not since it was opened. */
  readonly evenAtMs: number | undefined;
}

/** Lag of one split. What is read but not loaded still counts as lag: only the table matters. */
export function lagOf(split: Split, standing: SplitStanding, nowMs: number): SplitLag {
  const { progress, loaded, evenAtMs } = standing;
  const named = { split: split.id, topic: split.topic, partition: split.partition };
  const records = recordsBehind(standing);
  if (records === null || records === 0) return { ...named, records, seconds: records };
  const timestampMs = loaded?.timestampMs ?? progress.timestampMs;
  const since = [
    ...(timestampMs === null || timestampMs < 0 ? [] : [timestampMs]),
    ...(evenAtMs === undefined ? [] : [evenAtMs]),
  ];
  const seconds = since.length === 0 ? null : Math.max(nowMs - Math.max(...since), 0) / 1000;
  return { ...named, records, seconds };
}

/** Records that are not loaded; null while the split's end is unknown. */
export function recordsBehind({ progress, loaded }: Pick<SplitStanding, "progress" | "loaded">): number | null {
  return progress.end === null ? null : Math.max(progress.end - (loaded?.at ?? progress.at), 0);
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
