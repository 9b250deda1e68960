import type { Observed } from "../observed.ts";
import { autoscale, type Autoscaling } from "./autoscale.ts";
import type { Drain } from "./drain.ts";
import type { AutoscaleOptions } from "./scaling-bounds.ts";

/** How many pods are to run. */
export interface Replicas {
  readonly replicas: number;
  /** Why none where there are to be none. */
  readonly asleep: Drain["because"];
  /** Null where the spec says how many, or none are to run whatever arrives. */
  readonly autoscaling: Autoscaling | null;
}

/** Pods of a Pipeline that does not say how many. */
const replicasByDefault = 1;

/** `suspend` wins; with `scaling` it is decided from what pods and source tell. */
export function replicasOf(observed: Observed, options: AutoscaleOptions): Replicas {
  const { suspend, replicas = replicasByDefault, scaling } = observed.pipeline.spec;
  if (suspend === true) return { replicas: 0, asleep: "Suspended", autoscaling: null };
  if (scaling === undefined) return { replicas, asleep: "ScaledToZero", autoscaling: null };
  const autoscaling = autoscale(observed, scaling, options);
  return { replicas: autoscaling.replicas, asleep: "ScaledToZero", autoscaling };
}
