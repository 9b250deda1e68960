import type { LiveDeployment, Revision } from "../observed.ts";
import { revisionOfDeployment } from "./judge-rollout.ts";

/** True where the Deployment runs this revision and no pod of another one is left. */
export function isSettled(deployment: LiveDeployment | null, { hash }: Revision): boolean {
  if (deployment === null || revisionOfDeployment(deployment) !== hash) return false;
  const { metadata, status } = deployment;
  const observed = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return observed && (status?.replicas ?? 0) === (status?.updatedReplicas ?? 0);
}
