import type { Observed, ObservedPod, Revision } from "../observed.ts";
import { revisionOfDeployment } from "./judge-rollout.ts";
import { isAlive, podsOf } from "./serving-pods.ts";

/** How long a pod may take to begin, in milliseconds. One that takes longer is no longer beginning: something keeps it, and the others are all there are. */
const beginningMsMax = 300_000;

/** Whether the pods are what they are to be, so that what they tell is a measure. */
export interface Steadiness {
  readonly isSteady: boolean;
  /** When time alone may change it, in milliseconds since the epoch; null: it does not. */
  readonly lookAgainMs: number | null;
}

/** Steady: all pods that are wanted are there, run the revision that is to run and have begun, and no other is left. */
export function steadinessOf(observed: Observed, target: Revision | null): Steadiness {
  const { deployment, nowMs, pods } = observed;
  if (target === null || deployment === null) return { isSteady: false, lookAgainMs: null };
  const { metadata, spec, status } = deployment;
  const mine = podsOf(observed, target.hash);
  const others = pods.filter((pod) => isAlive(pod) && !mine.includes(pod));
  const waits = [...mine.flatMap(beginsUntil), ...others.flatMap(endsUntil)].filter((ms) => ms > nowMs);
  const isSteady =
    revisionOfDeployment(deployment) === target.hash &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.replicas ?? 0) === spec.replicas &&
    mine.length === spec.replicas &&
    others.every(({ deleting }) => deleting) &&
    waits.length === 0;
  return { isSteady, lookAgainMs: waits.length === 0 ? null : Math.min(...waits) };
}

/** Until when a pod counts as beginning. */
const beginsUntil = ({ ready, createdMs }: ObservedPod): readonly number[] => (ready ? [] : [createdMs + beginningMsMax]);
/** Until when a pod counts as ending: after that its node is most likely gone. */
const endsUntil = ({ endDueMs }: ObservedPod): readonly number[] => (endDueMs === null ? [] : [endDueMs]);
