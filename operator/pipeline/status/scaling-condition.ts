import type { Autoscaling } from "../decide/autoscale.ts";
import type { AwakeBecause } from "../decide/scaling-bounds.ts";
import type { Limiter } from "../../scaling/scaling-decision.ts";
import type { Situation } from "../decide/situation.ts";
import type { Judgement } from "./judgement.ts";

const type = "Scaling";

/** What keeps the number of pods from what is needed, so that somebody may have to do something. */
const holding: readonly Limiter[] = ["Maximum", "Partitions", "PartitionSkew", "SinkLimited", "Ineffective", "RebalanceBudget"];

/** Why a pod runs though `scaling.min` is 0. */
const awakeMessages: Readonly<Record<AwakeBecause, string>> = {
  Unproven: "scaling.min is 0, but this spec has yet to show that it works: one pod runs",
  ScaleToZeroOff:
    "scaling.min is 0, but this operator may not look at sources itself (autoscaling.scaleToZero.enabled of its chart): one pod runs",
  NotProbeable:
    "scaling.min is 0, but the operator cannot look at this source itself (files, or a Connection that signs in as its pod does: awsMskIam, tokenFile): one pod runs",
  ProbeFailed: "scaling.min is 0, but the source could not be looked at for five minutes: a pod looks after it",
};

/** Whether as many pods can run as are needed, and what the number follows from. No part of Ready: rows arrive all the same. */
export function scalingCondition({ observed, autoscaling }: Situation): readonly Judgement[] {
  if (autoscaling === null) return [];
  const { failure } = observed.probed;
  if (failure !== null && autoscaling.current === 0)
    return [{ type, status: "False", reason: "ProbeFailed", message: probeMessage(failure.message) }];
  const { conditions = [], scaling: before } = observed.pipeline.status ?? {};
  const former = conditions.find((condition) => condition.type === type);
  if (autoscaling.isUninformed && former !== undefined && before?.replicas === autoscaling.decision.replicas) return [former];
  const { limiter } = autoscaling.decision;
  const holds = holding.includes(limiter);
  return [{ type, status: holds ? "False" : "True", reason: limiter, message: messageOf(autoscaling, observed.pipeline.spec) }];
}

const probeMessage = (why: string): string =>
  `no pod runs, and the source could not be looked at: ${why}. It is tried again; after five minutes a pod is started`;

function messageOf(
  { decision, replicas, bounds: { awake } }: Autoscaling,
  { scaling }: Situation["observed"]["pipeline"]["spec"],
): string {
  const advice = scaling?.mode === "recommend" ? `recommends ${decision.replicas} (${replicas} run): ` : "";
  // With more than one pod it makes no difference.
  const note = awake === null || decision.replicas !== 1 ? "" : `. ${awakeMessages[awake]}`;
  return `${advice}${decision.message}${note}`;
}
