import type { Enough, ScalingMemory } from "./scaling-memory.ts";

/** What was enough over some time. */
export type EnoughHistory = Pick<ScalingMemory, "enough" | "enoughSinceMs">;

/**
 * Notes how many pods would be enough now; null: nobody knows, so that the time counts from anew. What was noted before held until now.
 * Kept are only numbers that a greatest one may come from, which is a handful.
 */
export function noteEnough({ enough, enoughSinceMs }: EnoughHistory, replicas: number | null, at: At): EnoughHistory {
  if (replicas === null) return { enough: [], enoughSinceMs: null };
  const last = enough.at(-1);
  const held = last === undefined ? enough : [...enough.slice(0, -1), { ...last, untilMs: at.nowMs }];
  const greater = held.filter((one) => one.replicas > replicas && at.nowMs - one.untilMs < at.windowMs + gatherMs);
  return { enough: [...greater, { replicas, untilMs: at.nowMs }], enoughSinceMs: enoughSinceMs ?? at.nowMs };
}

/** When, and how far back it is looked. */
export interface At {
  readonly nowMs: number;
  readonly windowMs: number;
}

/** Ends of the window within so many milliseconds of each other come at once: an average that falls passes every number on its way. */
const gatherMs = 120_000;

/** The greatest number within the window, and when it will be none of it any more; null while the window is not full. */
export function enoughOver(
  { enough, enoughSinceMs }: EnoughHistory,
  { nowMs, windowMs }: At,
): { replicas: number; untilMs: number } | null {
  if (enoughSinceMs === null || nowMs - enoughSinceMs < windowMs) return null;
  const gather = Math.min(gatherMs, windowMs);
  const endMs = ({ untilMs }: Enough): number => (gather === 0 ? untilMs : Math.ceil((untilMs + windowMs) / gather) * gather);
  const greatest = enough.find((one) => endMs(one) > nowMs) ?? enough.at(-1);
  return greatest === undefined ? null : { replicas: greatest.replicas, untilMs: endMs(greatest) };
}
