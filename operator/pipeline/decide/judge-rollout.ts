import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { label } from "../names.ts";
import type { LiveDeployment, Observed, ObservedPod, Revision } from "../observed.ts";
import { terminalExitCode, type Trouble, troubleOf } from "./pod-trouble.ts";
import { hasWorked, unheardUntilMs } from "./has-worked.ts";
import { podsOf } from "./serving-pods.ts";
import { strategyOf } from "../resources/deployment.ts";
import { timestamp } from "../status/timestamp.ts";
import type { FailedRollout, Rollout } from "./rollout.ts";

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
 * Judges a rollout that is not proven yet: goes on, has become good, or fails. It fails at its deadline, which begins anew with each
 * new pod that proves itself, or as soon as new pods have ended twice because the owner has to change something; but only while the
 * pods of the last good revision are well: where they are not, the world is to blame and not the change. What happened before they
 * became well again, or before the first new pod was made, does not count.
 */
export function judgeRollout(observed: Observed, trial: RolloutTrial): Rollout {
  const { target, proven, replicas, deadlineSeconds } = trial;
  const { deployment, nowMs } = observed;
  if (replicas === 0) return { kind: "asleep" };
  const sinceMs = startedMs(observed, target);
  const pods = podsOf(observed, target.hash);
  if (deployment !== null && isProven(deployment, pods, trial) && hasWorked(pods, nowMs)) return { kind: "proven" };
  const trouble = troubleOf(pods, deployment);
  const good = proven === null ? [] : podsOf(observed, proven.hash);
  const fairSinceMs = fairSince(sinceMs, good, pods);
  const deadlineMs = fairSinceMs + deadlineSeconds * 1000;
  const blame = blamed(pods, { trouble, fairSinceMs }) ?? (nowMs >= deadlineMs ? (trouble ?? late(deadlineSeconds)) : null);
  const lookAgainMs = Math.min(deadlineMs, unheardUntilMs(pods, nowMs) ?? deadlineMs);
  if (blame === null) return { kind: "running", sinceMs, lookAgainMs, trouble };
  if (pods.every(({ ready }) => ready) && trouble === null) return { kind: "held", sinceMs, trouble: noPods };
  if (good.some(({ ready }) => !ready)) return { kind: "held", sinceMs, trouble: unwell(blame) };
  if (proven === null) return { kind: "stuck", sinceMs, trouble: blame };
  const failed = {
    revision: target.hash,
    generation: target.content.generation,
    time: timestamp(nowMs),
    compared: good.length > 0 || allowsOnePod(target),
    ...blame,
  };
  return { kind: "taken back", failed };
}

/**
 * True where a rollout that was taken back is to be tried again: nothing was there to compare it with, such as in an outage that had
 * taken the old pods as well, and now the last good revision's pods are well beside which it can run.
 */
export function isWorthAnotherTry(observed: Observed, failed: FailedRollout, { proven, replicas }: Comparison): boolean {
  const good = proven === null ? [] : podsOf(observed, proven.hash);
  return !failed.compared && replicas > 0 && good.length === replicas && good.every(({ ready }) => ready);
}
type Comparison = Pick<RolloutTrial, "proven" | "replicas">;

/** Its pods never run beside others: there is one at most, and each rollout is its own only try. */
export const allowsOnePod = ({ content }: Revision): boolean => strategyOf(content.spec as PipelineSpec).type === "Recreate";

/** The revision that a Deployment's pods are made of; undefined without one. */
export const revisionOfDeployment = (deployment: LiveDeployment | null): string | undefined =>
  deployment?.spec.template.metadata.labels[label.revision];

/** Since when the pods are rolled to the target: from now on, where the Deployment is yet to be told. */
function startedMs({ deployment, pipeline, nowMs }: Observed, target: Revision): number {
  const told = revisionOfDeployment(deployment) === target.hash && deployment?.spec.replicas !== 0;
  const start = pipeline.status?.revision === target.hash ? pipeline.status.rolloutStartTime : undefined;
  return told && start !== undefined ? Date.parse(start) : nowMs;
}

/** Since when the new pods have had a fair chance: the last that became well, be it of the old or the new ones, or the first that is not was made. */
function fairSince(sinceMs: number, good: readonly ObservedPod[], pods: readonly ObservedPod[]): number {
  const well = [...good, ...pods].filter(({ ready }) => ready).map(({ readySinceMs }) => readySinceMs);
  const unwell = pods.filter(({ ready }) => !ready).map(({ readySinceMs }) => readySinceMs);
  return Math.max(sinceMs, ...well, unwell.length === 0 ? sinceMs : Math.min(...unwell));
}

/** All wanted pods run the target and are ready, which the runtime says only once it has read, transformed and loaded, or has nothing to. */
function isProven(deployment: LiveDeployment, pods: readonly ObservedPod[], { target, replicas }: RolloutTrial): boolean {
  const { metadata, status } = deployment;
  return (
    revisionOfDeployment(deployment) === target.hash &&
    deployment.spec.replicas === replicas &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) >= replicas &&
    (status?.unavailableReplicas ?? 0) === 0 &&
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

/** Nobody has tried the revision any further, so that nothing is known of it. */
const noPods: Trouble = {
  reason: "NoPodsMade",
  message:
    "no further pod of the new revision has been made, and Kubernetes does not say why: see kubectl describe deployment, and whether kube-controller-manager runs",
};

const unwell = ({ reason, message }: Trouble): Trouble => ({
  reason,
  message: `new pods do not become good, but neither are those of the last good spec, so it is not the change: ${message}`,
});

const late = (deadlineSeconds: number): Trouble => ({
  reason: "DeadlineExceeded",
  message: `the new pods have not read, transformed and loaded within ${deadlineSeconds} s (spec.rollout.deadlineSeconds): see kubectl describe pod and their logs`,
});
