import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { Drain } from "./drain.ts";

/** Pods of a Pipeline that does not say how many. */
const replicasByDefault = 1;

/** How many pods are to run, and why none where there are to be none. `suspend` wins; with `scaling` the fewest run that it allows. */
export function wantedReplicas({ suspend, replicas, scaling }: Pick<PipelineSpec, "suspend" | "replicas" | "scaling">): {
  readonly replicas: number;
  readonly asleep: Drain["because"];
} {
  if (suspend === true) return { replicas: 0, asleep: "Suspended" };
  return { replicas: replicas ?? scaling?.min ?? replicasByDefault, asleep: "ScaledToZero" };
}
