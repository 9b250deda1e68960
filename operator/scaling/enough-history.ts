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
  const greater = held.filter((one) => one.replicas > replicas && at.nowMs - one.untilMs < at.windowMs);
  return { enough: [...greater, { replicas, untilMs: at.nowMs }], enoughSinceMs: enoughSinceMs ?? at.nowMs };
}

/** When, and how far back it is looked. */
export interface At {
  readonly nowMs: number;
  readonly windowMs: number;
}

/** The greatest number within the window, and when it will have been that long ago; null while the window is not full. */
export function enoughOver(
  { enough, enoughSinceMs }: EnoughHistory,
  { nowMs, windowMs }: At,
): { replicas: number; untilMs: number } | null {
  const greatest: Enough | undefined = enough[0];
  if (greatest === undefined || enoughSinceMs === null) return null;
  const full = nowMs - enoughSinceMs >= windowMs;
  return full ? { replicas: greatest.replicas, untilMs: greatest.untilMs + windowMs } : null;
}
