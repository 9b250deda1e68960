import type { Observed } from "../observed.ts";
import { type RowSamples, rowsWithin, sampled, sampleStepMs } from "../row-samples.ts";
import { allAsked } from "../status/told-conditions.ts";
import { totalsOf } from "../status/totals.ts";
import { servingPods } from "./serving-pods.ts";

/** How many rows were loaded within the window of `quality.rows`. */
export interface RowCount {
  /** Null before they were counted for as long. */
  readonly rows: number | null;
  readonly samples: RowSamples;
  /** When the next sample is due, in milliseconds since the epoch. */
  readonly lookAgainMs: number;
}

/** Counts from what the pods tell; null where nobody wants to know. Pods that do not tell what they load are no reason to say that there are few rows. */
export function countRows(observed: Observed): RowCount | null {
  const { pipeline, nowMs, remembered } = observed;
  const wanted = pipeline.spec.quality?.rows;
  if (wanted === undefined) return null;
  const lookAgainMs = nowMs + sampleStepMs(wanted.overSeconds);
  const pods = servingPods(observed);
  if (!allAsked(pods)) return { rows: null, samples: remembered.rows, lookAgainMs };
  const isSilent = pods.length > 0 && pods.every(({ report }) => report === null);
  if (isSilent) return { rows: null, samples: [], lookAgainMs };
  const now = { atMs: nowMs, rows: totalsOf(observed).totals?.rowsLoaded ?? 0 };
  const samples = sampled(remembered.rows, now, wanted.overSeconds);
  return { rows: rowsWithin(samples, now, wanted.overSeconds), samples, lookAgainMs };
}
