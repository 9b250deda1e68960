import type { Situation } from "./situation.ts";

/** How long pods may start or end before it does not count any more, in milliseconds: one that finds no node starts for ever. */
const settlingMsMax = 600_000;

/** For how many milliseconds longer the pods' starting and ending is waited for; 0 where it is not. */
export function settlingFor({ observation, memory }: Situation): number {
  if (observation.settled) return 0;
  const sinceMs = memory.unsettledSinceMs ?? observation.nowMs;
  return Math.max(sinceMs + settlingMsMax - observation.nowMs, 0);
}
