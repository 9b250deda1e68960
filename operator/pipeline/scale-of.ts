import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";

/** How many pods a spec wants. */
export interface Scale {
  readonly replicas: number;
  /** Why: what the owner wrote, or that nothing is said. */
  readonly by: "suspend" | "replicas" | "scaling.min" | "default";
}

/** Pods of a Pipeline that says nothing. */
const replicasByDefault = 1;

/** How many pods are to run. `suspend` wins over everything; with `scaling` the fewest run that it allows. */
export function scaleOf({ suspend, replicas, scaling }: PipelineSpec): Scale {
  if (suspend === true) return { replicas: 0, by: "suspend" };
  if (replicas !== undefined) return { replicas, by: "replicas" };
  if (scaling !== undefined) return { replicas: scaling.min, by: "scaling.min" };
  return { replicas: replicasByDefault, by: "default" };
}
