import { decideDeletion } from "./decide/decide-deletion.ts";
import { happeningsOf } from "./decide/happenings.ts";
import { type Situation, situationOf } from "./decide/situation.ts";
import { sleeperOf } from "./decide/sleeper-of.ts";
import { steps } from "./decide/steps.ts";
import type { Observed } from "./observed.ts";
import type { OperatorSettings, Plan } from "./plan.ts";
import { statusOf } from "./status/status-of.ts";

/** How soon a write that something was in the way of is tried again, in milliseconds: no watch tells when that is gone. */
const obstacleRetryMs = 30_000;

/**
 * Chooses what to do next about a Pipeline, from all that was observed. Pure: it reads no clock and calls no API, and what is as it
 * should be results in actions that cost nothing, so it may be called at any time, as often as one likes.
 */
export function decide(observed: Observed, settings: OperatorSettings): Plan {
  if (observed.pipeline.metadata.deletionTimestamp !== undefined) return decideDeletion(observed, settings);
  const situation = situationOf(observed, settings);
  const status = statusOf(situation);
  return {
    actions: steps.flatMap((step) => step(situation)),
    status,
    happenings: happeningsOf(situation, status),
    requeueAfterMs: lookAgainAfter(situation),
    remembered: {
      scaling: situation.autoscaling?.memory ?? observed.remembered.scaling,
      rows: situation.rowCount?.samples ?? [],
    },
    sleeper: sleeperOf(situation),
  };
}

/** Until the next moment at which time alone changes the decision. */
function lookAgainAfter({ observed, rollout, drain, autoscaling, rowCount }: Situation): number | null {
  const { nowMs, obstacle } = observed;
  const moments = [
    ...(obstacle === null ? [] : [nowMs + obstacleRetryMs]),
    ...(rollout.kind === "running" ? [rollout.lookAgainMs] : []),
    ...[drain?.lookAgainMs, autoscaling?.lookAgainMs, rowCount?.lookAgainMs].filter((ms) => typeof ms === "number"),
  ];
  return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - nowMs);
}
