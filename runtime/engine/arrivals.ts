import type { SplitProgress } from "../component/source.ts";

/** What arrives at the open splits, averaged over the last minute. */
export interface Arrivals {
  /** Sum over the splits; null while that is not known: of no split is it known where it ends, or one was opened just now. */
  readonly recordsPerSecond: number | null;
  /** The split at which most arrive; null where nothing does. */
  readonly hottest: { readonly split: string; readonly recordsPerSecond: number } | null;
}

/** Where a split ended, and when. */
interface End {
  readonly atMs: number;
  readonly end: number;
}

/** Ends that were noted of each open split, oldest first. */
export type Ends = ReadonlyMap<string, readonly End[]>;

/** Over how long arrivals are averaged. */
const windowMs = 60_000;
/** Ends are noted this often: thirteen of each split are kept, so that thousands of splits cost little. */
const stepMs = 5_000;

/**
 * The ends to keep once these splits are open. One that was opened anew, or made again so that it ends earlier, counts from then on.
 * Called every second; most of these calls change nothing.
 */
export function noteEnds(before: Ends, progress: readonly SplitProgress[], nowMs: number): Ends {
  return new Map(
    progress.flatMap(({ split, end }) => {
      if (end === null) return [];
      const known = before.get(split) ?? [];
      const last = known.at(-1);
      if (last === undefined || end < last.end) return [[split, [{ atMs: nowMs, end }]] as const];
      if (nowMs - last.atMs < stepMs) return [[split, known] as const];
      // One from before the window is kept, to measure from.
      const firstInside = known.findIndex(({ atMs }) => nowMs - atMs < windowMs);
      const kept = firstInside < 0 ? [last] : known.slice(Math.max(firstInside - 1, 0));
      return [[split, [...kept, { atMs: nowMs, end }]] as const];
    }),
  );
}

/** What arrived between the oldest kept end of each split and the newest. Pure. */
export function arrivalsOf(ends: Ends, openSplits: number): Arrivals {
  if (openSplits === 0) return { recordsPerSecond: 0, hottest: null };
  let sum: number | null = ends.size === 0 ? null : 0;
  let hottest: Arrivals["hottest"] = null;
  for (const [split, noted] of ends) {
    const [first, last] = [noted[0], noted.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) {
      sum = null;
      continue;
    }
    const recordsPerSecond = ((last.end - first.end) * 1000) / (last.atMs - first.atMs);
    if (sum !== null) sum += recordsPerSecond;
    if (recordsPerSecond > (hottest?.recordsPerSecond ?? 0)) hottest = { split, recordsPerSecond };
  }
  return { recordsPerSecond: sum, hottest };
}
