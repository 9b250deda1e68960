import type { PipelineScaling } from "../../../crds/kinds/scaling.ts";
import { boundsAt } from "../../scaling/bounds-at.ts";
import type { ScalingBounds } from "../../scaling/scaling-observation.ts";
import type { Observed, Revision } from "../observed.ts";
import { allowsOnePod } from "./judge-rollout.ts";
import { isProbeable } from "./probed-source.ts";

/** Why a pod runs though none would have to. */
export type AwakeBecause =
  /** Nobody knows yet whether this revision works: a pod has to prove it. */
  | "Unproven"
  /** This operator may not look at sources itself. */
  | "ScaleToZeroOff"
  /** The source is no Kafka, or its Connection signs in as the pod does, which this operator cannot. */
  | "NotProbeable"
  /** The source could not be looked at for a while. */
  | "ProbeFailed";

/** The bounds that hold now. */
export interface BoundsNow extends ScalingBounds {
  /** Why `min` is 1 where the spec says 0; null: it is what the spec says. */
  readonly awake: AwakeBecause | null;
  /** When time alone changes them, in milliseconds since the epoch; null: it does not. */
  readonly nextChangeMs: number | null;
}

/** For how long a source may be out of sight before a pod looks after it, in milliseconds: brokers are restarted in less. */
const blindMsMax = 300_000;

/** Between which numbers of pods may be chosen: what the spec says for this time, but no less than one where nobody would wake the pipeline. */
export function boundsNow(
  scaling: PipelineScaling,
  { nowMs, probed }: Pick<Observed, "nowMs" | "probed">,
  { target, isResting, scaleToZero }: AutoscaleOptions,
): BoundsNow {
  const { nextChangeMs, ...asked } = boundsAt(scaling, nowMs);
  // A window may say more than the schema allows without one.
  const most = target !== null && allowsOnePod(target) ? 1 : asked.max;
  const bounds = { ...asked, min: Math.min(asked.min, most), max: Math.min(asked.max, most) };
  if (bounds.min > 0) return { ...bounds, awake: null, nextChangeMs };
  const blindMs = probed.failure === null ? null : probed.failure.sinceMs + blindMsMax;
  const awake = awakeBecause({
    isResting,
    scaleToZero,
    isProbeable: target !== null && isProbeable(target),
    isBlind: blindMs !== null && nowMs >= blindMs,
  });
  if (awake !== null) return { ...bounds, min: 1, max: Math.max(1, bounds.max), awake, nextChangeMs };
  const changes = [nextChangeMs, blindMs].filter((ms) => ms !== null);
  return { ...bounds, awake, nextChangeMs: changes.length === 0 ? null : Math.min(...changes) };
}

/** What is known of the revision that is to run. */
export interface AutoscaleOptions {
  readonly target: Revision | null;
  /** It has proven itself before, and none is about to take its place. */
  readonly isResting: boolean;
  readonly scaleToZero: boolean;
}

interface Wakefulness extends Omit<AutoscaleOptions, "target"> {
  readonly isProbeable: boolean;
  readonly isBlind: boolean;
}

function awakeBecause(so: Wakefulness): AwakeBecause | null {
  if (!so.isResting) return "Unproven";
  if (!so.scaleToZero) return "ScaleToZeroOff";
  if (!so.isProbeable) return "NotProbeable";
  return so.isBlind ? "ProbeFailed" : null;
}
