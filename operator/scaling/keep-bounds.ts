import { clamp } from "./clamp.ts";
import type { Situation } from "./situation.ts";
import type { Verdict } from "./verdict.ts";
import { boundWords, pods } from "./wording.ts";

/** Back between the bounds, at once: they are the owner's, and a window's begin and end are moments. Null where the number lies between them. */
export function keepBounds(situation: Situation): Verdict | null {
  const { observation, need } = situation;
  const { bounds, partitions, replicas } = observation;
  if (replicas >= bounds.min && replicas <= bounds.max) return null;
  const limiter = replicas < bounds.min ? "Minimum" : "Maximum";
  const to = clamp(limiter === "Minimum" ? (need?.replicas ?? 0) : replicas, { bounds, partitions });
  return { replicas: to, limiter, message: `${pods(to)}: ${boundWords(limiter, situation)}`, lookAgainMs: null };
}
