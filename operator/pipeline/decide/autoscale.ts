import type { PipelineScaling } from "../../../crds/kinds/scaling.ts";
import { decideScaling } from "../../scaling/decide-scaling.ts";
import type { ScalingDecision } from "../../scaling/scaling-decision.ts";
import type { ScalingMemory } from "../../scaling/scaling-memory.ts";
import type { ScalingPod } from "../../scaling/scaling-observation.ts";
import type { Observed, ObservedPod } from "../observed.ts";
import { steadinessOf } from "./is-steady.ts";
import { type AutoscaleOptions, type BoundsNow, boundsNow } from "./scaling-bounds.ts";
import { podsOf } from "./serving-pods.ts";
import { allAsked } from "../status/told-conditions.ts";

/** What the autoscaler says. */
export interface Autoscaling {
  readonly decision: ScalingDecision;
  /** Pods that were to run before. */
  readonly current: number;
  /** Pods that are to run: what it decided, or with `mode: recommend` as many as do. */
  readonly replicas: number;
  readonly bounds: BoundsNow;
  readonly memory: ScalingMemory;
  /** Nobody has been asked yet, as after a start of the operator: what is shown stays as it was. */
  readonly isUninformed: boolean;
  /** When time alone may change it, in milliseconds since the epoch; null: it does not. */
  readonly lookAgainMs: number | null;
}

/** How soon to look again at the earliest, in milliseconds: pods are asked every ten seconds. */
const lookAgainMsMin = 1_000;

/** Decides how many pods are to run from what the pods, or without any the source, have told. */
export function autoscale(observed: Observed, scaling: PipelineScaling, options: AutoscaleOptions): Autoscaling {
  const { nowMs, probed, remembered } = observed;
  const bounds = boundsNow(scaling, observed, options);
  const current = currentReplicas(observed, scaling, bounds);
  const { isSteady, lookAgainMs } = steadinessOf(observed, options.target);
  const pods = options.target === null ? [] : podsOf(observed, options.target.hash);
  const { memory, decision } = decideScaling(remembered.scaling, {
    nowMs,
    bounds: { min: bounds.min, max: bounds.max, window: bounds.window },
    targetLagSeconds: scaling.targetLagSeconds,
    scaleDownAfterSeconds: scaling.scaleDownAfterSeconds,
    replicas: current,
    partitions: partitionsOf(pods) ?? probed.probe?.partitions ?? null,
    pods: pods.flatMap(scalingPod),
    settled: isSteady && options.isResting && allAsked(pods),
    probe: current === 0 ? probed.probe : null,
  });
  const again = decision.lookAgainMs === null ? [] : [nowMs + Math.max(lookAgainMsMin, decision.lookAgainMs)];
  const moments = [...again, ...[bounds.nextChangeMs, lookAgainMs].filter((ms) => ms !== null)];
  return {
    decision,
    current,
    replicas: scaling.mode === "recommend" ? current : decision.replicas,
    bounds,
    memory,
    isUninformed: current === 0 ? probed.probe === null && probed.failure === null : !allAsked(pods),
    lookAgainMs: moments.length === 0 ? null : Math.min(...moments),
  };
}

/**
 * Pods that are to run as it is now: what the Deployment says, so that whoever decides next goes on from there, whatever had become of
 * the status. Where there is none, or it was only suspended, as many as had been decided; at the very beginning the fewest, but one.
 */
function currentReplicas({ deployment, pipeline }: Observed, { mode }: PipelineScaling, { min }: BoundsNow): number {
  const { conditions = [], scaling } = pipeline.status ?? {};
  const decided = mode === "recommend" ? undefined : scaling?.replicas;
  const live = deployment?.spec.replicas;
  const wasSuspended = conditions.some(({ type, reason }) => type === "Available" && reason === "Suspended");
  if (live !== undefined && (live > 0 || (!wasSuspended && mode !== "recommend"))) return live;
  return decided ?? Math.max(1, min);
}

function partitionsOf(pods: readonly ObservedPod[]): number | null {
  const told = pods.flatMap(({ report }) => report?.splitsTotal ?? []);
  return told.length === 0 ? null : Math.max(...told);
}

/** A pod of an older runtime does not tell how busy it is: nothing can be concluded from it. */
function scalingPod({ uid, ready, report }: ObservedPod): readonly ScalingPod[] {
  if (!ready || report?.load === undefined) return [];
  const { load, arrivals, lag, rebalances = { count: 0, stallSeconds: 0 }, splits, atMs } = report;
  const hottest = arrivals?.hottest ?? null;
  return [
    {
      uid,
      splits,
      ...load,
      arrivalsPerSecond: arrivals?.recordsPerSecond ?? null,
      hottest: hottest === null ? null : { split: hottest.split, arrivalsPerSecond: hottest.recordsPerSecond },
      lagRecords: lag.records,
      lagSeconds: lag.seconds,
      rebalances,
      atMs,
    },
  ];
}
