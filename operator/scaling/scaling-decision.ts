import type { ScalingStatus } from "../../crds/kinds/scaling-status.ts";

/** What the number of pods follows from, or what holds it. */
export type Limiter =
  /** What arrives and what is behind, by what a pod can carry. */
  | "Demand"
  | "Minimum"
  | "Maximum"
  /** More pods than partitions would stand idle. */
  | "Partitions"
  /** Nothing is known yet of what a pod can carry. */
  | "NotMeasured"
  /** Pods start, end or are rolled: no decision on numbers of such a time. */
  | "Settling"
  /** There is a lag: no pod is taken away. */
  | "CatchingUp"
  /** Fewer would do, but have not for long enough. */
  | "Patience"
  /** One partition gets more than a pod can carry: no number of pods helps. */
  | "PartitionSkew"
  /** Pods wait for the sink: more would wait, too. */
  | "SinkLimited"
  /** The last step up brought next to nothing. */
  | "Ineffective"
  /** So many steps within an hour cost more than they bring. */
  | "RebalanceBudget"
  /** Nothing to read, and none is wanted. */
  | "Idle";

/** What was decided. */
export interface ScalingDecision {
  /** Pods that are to run. */
  readonly replicas: number;
  readonly limiter: Limiter;
  /** In a sentence, with the numbers and, where a person can do something, what. */
  readonly message: string;
  readonly terms: NonNullable<ScalingStatus["terms"]>;
  /** When time alone may change the decision, in milliseconds from now; null: only with news. */
  readonly lookAgainMs: number | null;
}
