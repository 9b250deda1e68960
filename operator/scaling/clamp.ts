import { stepDownTo } from "./partition-steps.ts";
import type { ScalingBounds } from "./scaling-observation.ts";

/** Where numbers may lie. */
export interface Range {
  readonly bounds: ScalingBounds;
  /** Of the source; null where nobody knows. */
  readonly partitions: number | null;
}

/** The number within the bounds, and no more than partitions; what `max` cuts off goes to a number of pods that still makes a difference. */
export function clamp(replicas: number, { bounds, partitions }: Range): number {
  const useful = partitions === null || partitions === 0 ? replicas : Math.min(replicas, partitions);
  const cut = useful > bounds.max ? stepDownTo(bounds.max, partitions) : useful;
  return Math.max(bounds.min, cut);
}
