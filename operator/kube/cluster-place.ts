import type { ClusterAccess } from "./cluster-access.ts";
import { inClusterAccess, type PodSurroundings } from "./in-cluster-access.ts";
import type { KubeconfigChoice } from "./kubeconfig-access.ts";
import type { Timing } from "./timing.ts";

/** Where the API server is, as plain data that a thread can be given. */
export type ClusterPlace = { readonly kubeconfig: KubeconfigChoice } | { readonly pod: PodSurroundings };

/** Access to it. Throws an Error that names what is missing, never a secret. */
export async function openAccess(place: ClusterPlace, timing: Pick<Timing, "monotonic">): Promise<ClusterAccess> {
  if ("pod" in place) return inClusterAccess(place.pod, timing);
  // Not needed in a pod, where it would only take memory.
  const { kubeconfigAccess } = await import("./kubeconfig-access.ts");
  return kubeconfigAccess(place.kubeconfig, timing);
}
