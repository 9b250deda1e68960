import { podSelector } from "./child-labels.ts";
import { childMetadata } from "./child-metadata.ts";
import type { Owner } from "./owner-reference.ts";

/**
 * Lets a node be drained one pod at a time: the others take its splits over meanwhile. A pod that is not ready guards nothing and
 * may always go, so that a pipeline whose warehouse is away holds up no drain.
 */
export function podDisruptionBudget(pipeline: Owner) {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: childMetadata(pipeline),
    spec: {
      maxUnavailable: 1,
      selector: podSelector(pipeline.name),
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  } as const;
}
