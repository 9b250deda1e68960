import { clamp } from "./clamp.ts";
import type { Situation } from "./situation.ts";
import { averagedMs } from "./arrival-trend.ts";
import type { Verdict } from "./verdict.ts";
import { duration, pods } from "./wording.ts";

/** How much more pods there are at once while nobody knows what one carries. */
const blindFactor = 2;

/** Where it is not known what a pod carries: twice as many while the target is missed, else as many as there are. Null where it is known. */
export function measureFirst({ capacity, totals, observation, memory, quiet }: Situation): Verdict | null {
  if (capacity !== null || quiet) return null;
  const { replicas, bounds, partitions, targetLagSeconds, nowMs } = observation;
  const late = totals.lagSeconds !== null && totals.lagSeconds > targetLagSeconds;
  const settledMs = memory.settledSinceMs === null ? -1 : nowMs - memory.settledSinceMs;
  const to = clamp(replicas * blindFactor, { bounds, partitions });
  const stay: Verdict = {
    replicas,
    limiter: "NotMeasured",
    message: `${pods(replicas)}: what a pod carries is not known until it has worked for a while`,
    lookAgainMs: null,
  };
  if (!late || to <= replicas || totals.recordsPerSecond <= 0) return stay;
  if (settledMs < averagedMs) return { ...stay, lookAgainMs: settledMs < 0 ? null : averagedMs - settledMs };
  const message = `${pods(to)}: ${duration(totals.lagSeconds)} behind, and not known what a pod carries: twice as many`;
  return { replicas: to, limiter: "NotMeasured", message, lookAgainMs: null };
}
