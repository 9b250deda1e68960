import type { ScalingPod, SourceProbe } from "../../../operator/scaling/scaling-observation.ts";
import type { Trace } from "./traces.ts";

/** What an autoscaler may look at. Nobody sees the future or the model's inside. */
export interface View {
  readonly second: number;
  readonly trace: Trace;
  /** Pods wished for. */
  readonly replicas: number;
  /** Pods that read. */
  readonly ready: number;
  /** No pod starts or ends. */
  readonly settled: boolean;
  /** Records of each partition that are not in the table: what the group's committed offsets tell. */
  lags(): readonly number[];
  /** What each pod tells, as old as the last question. */
  reports(): readonly ScalingPod[];
  /** What pods read since each began, in records. */
  counters(): ReadonlyMap<string, number>;
  /** What the source tells about itself. */
  probe(): SourceProbe;
}

/** An autoscaler. */
export interface Contestant {
  readonly name: string;
  /** A new one, which is asked every second; it answers null where it does not look then, or wants no change. */
  start(): (view: View) => number | null;
}
