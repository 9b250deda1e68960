import type { LiveDeployment, ObservedPod } from "../observed.ts";

/** What keeps pods from being ready, with what to do about it. */
export interface Trouble {
  /** In CamelCase: ImagePullBackOff, OOMKilled, Unschedulable, or the runtime's own. */
  readonly reason: string;
  readonly message: string;
}

/** Exit code of a runtime for which trying again cannot help: see runtime/main.ts. */
export const terminalExitCode = 3;

/** A pod's ordinary way to begin. */
const beginnings = new Set(["ContainerCreating", "PodInitializing"]);

/** What to do about what Kubernetes says. What the runtime says has the fix in it. */
const fixes: Readonly<Record<string, string>> = {
  ImagePullBackOff: "check spec.pod.image (or the operator's runtime image) and the image pull secrets",
  InvalidImageName: "check spec.pod.image",
  CreateContainerConfigError: "check what spec.pod refers to",
  CreateContainerError: "check spec.pod",
  Unschedulable: "free or add nodes, or change spec.pod.resources, nodeSelector, affinity or tolerations",
  OOMKilled: "raise spec.pod.resources.limits.memory",
  FailedCreate: "the namespace's quota or an admission policy keeps pods from being made: see kubectl describe deployment",
};

/** The gravest trouble of these pods, or why there are none; null where they only need time. The same trouble has the same words. */
export function troubleOf(pods: readonly ObservedPod[], deployment: LiveDeployment | null): Trouble | null {
  const troubles = pods.filter(({ ready }) => !ready).flatMap((pod) => podTrouble(pod) ?? []);
  const gravest = troubles.toSorted((a, b) => b.gravity - a.gravity)[0];
  return gravest === undefined ? deploymentTrouble(deployment) : { reason: gravest.reason, message: gravest.message };
}

interface Graded extends Trouble {
  readonly gravity: number;
}

function podTrouble(pod: ObservedPod): Graded | null {
  const { waiting, ended } = pod;
  if (ended?.exitCode === terminalExitCode) return graded(3, pod, ended);
  if (waiting !== null && waiting.reason !== "CrashLoopBackOff" && !beginnings.has(waiting.reason))
    return graded(2, pod, waiting);
  if (ended !== null && ended.exitCode !== 0) return graded(2, pod, ended);
  const told = pod.report?.conditions.find(({ type }) => type === "Ready");
  return told?.status === "False" && told.reason !== "Starting" ? graded(1, pod, told) : null;
}

function graded(gravity: number, pod: ObservedPod, said: Trouble & { readonly exitCode?: number }): Graded {
  const { exitCode } = said;
  // The kubelet says both in turn, for one and the same thing.
  const reason = said.reason === "ErrImagePull" ? "ImagePullBackOff" : said.reason;
  const fix = fixes[reason] ?? (exitCode === undefined || said.message !== "" ? "" : `see kubectl logs --previous ${pod.name}`);
  const what = exitCode !== undefined && said.message === "" ? `ended with code ${exitCode}` : said.message;
  return { gravity, reason, message: [`pod ${pod.name}: ${reason}`, what, fix].filter((part) => part !== "").join(": ") };
}

function deploymentTrouble(deployment: LiveDeployment | null): Trouble | null {
  const failure = deployment?.status?.conditions?.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (failure === undefined) return null;
  const reason = failure.reason ?? "ReplicaFailure";
  const fix = fixes[reason];
  return { reason, message: [failure.message ?? reason, ...(fix === undefined ? [] : [fix])].join(": ") };
}
