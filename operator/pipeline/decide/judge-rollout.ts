import { label } from "../names.ts";
import type { LiveDeployment, Observed, ObservedPod, Revision } from "../observed.ts";
import { terminalExitCode, type Trouble, troubleOf } from "./pod-trouble.ts";
import { podsOf } from "./serving-pods.ts";
import type { Rollout } from "./rollout.ts";

/** What a rollout is judged by. */
export interface RolloutTrial {
  readonly target: Revision;
  /** The last good one; null: none yet, or the target itself. */
  readonly proven: Revision | null;
  readonly replicas: number;
  readonly deadlineSeconds: number;
}

/** How often a pod has to end for good before the change is to blame: once may be a moment's accident, such as a lost race for a lock. */
const terminalEndsMin = 2;

/**
 * Judges a rollout that is not proven yet: goes on, has become good, or fails. It fails at its deadline, or as soon as new pods have
 * ended twice because the owner has to change something; but only while the pods of the last good revision are well: where they
 * are not, the world is to blame and not the change. What happened before they became well again does not count.
 */
export function judgeRollout(observed: Observed, trial: RolloutTrial): Rollout {
  const { target, proven, replicas, deadlineSeconds } = trial;
  const { deployment, nowMs } = observed;
  if (replicas === 0) return { kind: "asleep" };
  const sinceMs = startedMs(observed, target);
  const pods = podsOf(observed, target.hash);
  if (deployment !== null && isProven(deployment, pods, trial)) return { kind: "proven" };
  const trouble = troubleOf(pods, deployment);
  const good = proven === null ? [] : podsOf(observed, proven.hash);
  const fairSinceMs = Math.max(sinceMs, ...good.map(({ readySinceMs }) => readySinceMs ?? 0));
  const deadlineMs = fairSinceMs + deadlineSeconds * 1000;
  const blame = blamed(pods, { trouble, fairSinceMs }) ?? (nowMs >= deadlineMs ? (trouble ?? late(deadlineSeconds)) : null);
  if (blame === null) return { kind: "running", sinceMs, deadlineMs, trouble };
  if (good.some(({ ready }) => !ready)) return { kind: "held", sinceMs, trouble: blame };
  if (proven === null) return { kind: "stuck", sinceMs, trouble: blame };
  const failed = {
    revision: target.hash,
    generation: target.content.generation,
    time: new Date(nowMs).toISOString(),
    ...blame,
  };
  return { kind: "taken back", failed };
}

/** The revision that a Deployment's pods are made of; undefined without one. */
export const revisionOfDeployment = (deployment: LiveDeployment | null): string | undefined =>
  deployment?.spec.template.metadata.labels[label.revision];

/** Since when the pods are rolled to the target: from now on, where the Deployment is yet to be told. */
function startedMs({ deployment, pipeline, nowMs }: Observed, target: Revision): number {
  const told = revisionOfDeployment(deployment) === target.hash && deployment?.spec.replicas !== 0;
  const start = pipeline.status?.revision === target.hash ? pipeline.status.rolloutStartTime : undefined;
  return told && start !== undefined ? Date.parse(start) : nowMs;
}

/** All wanted pods run the target and are ready, which the runtime says only once it has read, transformed and loaded. */
function isProven(deployment: LiveDeployment, pods: readonly ObservedPod[], { target, replicas }: RolloutTrial): boolean {
  const { metadata, status } = deployment;
  return (
    revisionOfDeployment(deployment) === target.hash &&
    deployment.spec.replicas === replicas &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) >= replicas &&
    pods.length === replicas &&
    pods.every(({ ready }) => ready)
  );
}

function blamed(
  pods: readonly ObservedPod[],
  { trouble, fairSinceMs }: { trouble: Trouble | null; fairSinceMs: number },
): Trouble | null {
  const terminal = pods.filter(({ ended }) => ended?.exitCode === terminalExitCode && ended.atMs >= fairSinceMs);
  const ends = terminal.reduce((sum, pod) => sum + pod.ends, 0);
  return ends >= terminalEndsMin ? trouble : null;
}

const late = (deadlineSeconds: number): Trouble => ({
  reason: "DeadlineExceeded",
  message: `the new pods have not read, transformed and loaded within ${deadlineSeconds} s (spec.rollout.deadlineSeconds): see kubectl describe pod and their logs`,
});
