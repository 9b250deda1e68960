import type { EngineStatus } from "../../runtime/engine/report.ts";

/** How long a consumer group may take to hand out its partitions before it is worth a word, in milliseconds. */
const patienceMs = 4000;

/** Looks at the status again and again, and answers a sentence while a consumer group has left this run without splits for long. */
export function unassignedWatch(now: () => number): (status: Pick<EngineStatus, "started" | "splits">) => string | null {
  let sinceMs: number | null = null;
  return ({ started, splits }) => {
    if (!started || splits.length > 0) {
      sinceMs = null;
      return null;
    }
    sinceMs ??= now();
    return now() - sinceMs < patienceMs ? null : "no splits assigned yet: another member of the consumer group may hold them";
  };
}
