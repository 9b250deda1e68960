import type { Sleeper } from "../../probe/sleepers.ts";
import { keyOf } from "../dependents.ts";
import { probedSourceOf } from "./probed-source.ts";
import type { Situation } from "./situation.ts";

/** The pipeline as one that sleeps: by the autoscaler's decision no pod runs, and the last has ended. Its source is that of its revision, as pods would read it. */
export function sleeperOf({ observed, autoscaling, drain, target }: Situation): Sleeper | null {
  if (autoscaling === null || drain === null || !drain.done || target === null) return null;
  const probed = probedSourceOf(target);
  const { metadata } = observed.pipeline;
  return probed === null ? null : { pipeline: keyOf(metadata), uid: metadata.uid ?? "", ...probed };
}
