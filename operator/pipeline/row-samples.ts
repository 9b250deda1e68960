/** How many rows had been loaded at some moment, in milliseconds since the epoch. */
export interface RowSample {
  readonly atMs: number;
  readonly rows: number;
}
/** Oldest first; the first is from before the window as soon as there is one. */
export type RowSamples = readonly RowSample[];

/** Samples over a window: what is counted is at most a sixtieth of it too long. */
const perWindow = 60;
/** Least time between two samples, in milliseconds: pods are asked no more often. */
const stepMsMin = 10_000;

/** How long after a sample the next is due, in milliseconds. */
export const sampleStepMs = (overSeconds: number): number => Math.max(stepMsMin, (overSeconds * 1000) / perWindow);

/** With what is known now, and without what is too old to matter. */
export function sampled(before: RowSamples, now: RowSample, overSeconds: number): RowSamples {
  const last = before.at(-1);
  // Sums never shrink, and a clock that was set back says nothing of the time between.
  const known = last !== undefined && (now.rows < last.rows || now.atMs < last.atMs) ? [] : before;
  const isDue = last === undefined || known.length === 0 || now.atMs - last.atMs >= sampleStepMs(overSeconds);
  const samples = isDue ? [...known, now] : known;
  const beginsMs = now.atMs - overSeconds * 1000;
  const first = samples.findLastIndex(({ atMs }) => atMs <= beginsMs);
  return first > 0 ? samples.slice(first) : samples;
}

/** Rows loaded within the window; null before it was watched for as long. */
export function rowsWithin(samples: RowSamples, now: RowSample, overSeconds: number): number | null {
  const first = samples.findLast(({ atMs }) => atMs <= now.atMs - overSeconds * 1000);
  return first === undefined ? null : now.rows - first.rows;
}
