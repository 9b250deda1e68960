import type { Observed, ObservedPod, Revision } from "../observed.ts";

/** True for a pod that may still read or load: an evicted one is only a note of itself. */
export const isAlive = ({ phase }: ObservedPod): boolean => phase !== "Succeeded" && phase !== "Failed";

/** Pods of a revision that are there to stay. */
export const podsOf = ({ pods }: Pick<Observed, "pods">, revision: string): readonly ObservedPod[] =>
  pods.filter((pod) => isAlive(pod) && !pod.deleting && pod.revision === revision);

/** The pods that tell how the pipeline fares: during a rollout those of the last good revision, as long as there are any. */
export function servingPods(observed: Observed): readonly ObservedPod[] {
  const proven = observed.pipeline.status?.provenRevision;
  const good = proven === undefined ? [] : podsOf(observed, proven);
  return good.length > 0 ? good : observed.pods.filter((pod) => isAlive(pod) && !pod.deleting);
}

/** True where no pod of another revision is left but such that are on their way out. */
export const runsAlone = ({ pods }: Pick<Observed, "pods">, { hash }: Revision): boolean =>
  pods.every((pod) => pod.revision === hash || pod.deleting || !isAlive(pod));
