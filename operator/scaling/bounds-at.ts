import type { PipelineScaling } from "../../crds/kinds/scaling.ts";
import type { ScalingBounds } from "./scaling-observation.ts";
import { type ScalingWindow, windowAt } from "./scaling-window.ts";

/** Bounds, and when they may be others. */
export interface TimedBounds extends ScalingBounds {
  /** The next moment at which a window begins or ends, in milliseconds since the epoch; null where there is none. */
  readonly nextChangeMs: number | null;
}

/** Between which numbers of pods may be chosen at a moment: those of the last window in the list that holds, else those of `scaling` itself. */
export function boundsAt(scaling: PipelineScaling, nowMs: number): TimedBounds {
  const windows = (scaling.windows ?? []).map((window) => ({ window, ...windowAt(window, nowMs) }));
  const changes = windows.flatMap(({ nextMs }) => (nextMs === null ? [] : [nextMs]));
  const nextChangeMs = changes.length === 0 ? null : Math.min(...changes);
  const held = windows.findLast(({ holds }) => holds)?.window;
  if (held === undefined) return { min: scaling.min, max: scaling.max, window: null, nextChangeMs };
  return { ...boundsOf(held, scaling), window: nameOf(held), nextChangeMs };
}

/** What the window does not say is as ever, but for a bound on the wrong side of one that it does say. */
function boundsOf({ min, max }: ScalingWindow, scaling: PipelineScaling): Pick<ScalingBounds, "min" | "max"> {
  const most = max ?? Math.max(scaling.max, min ?? 0);
  return { min: min ?? Math.min(scaling.min, most), max: most };
}

const nameOf = ({ start, end, timeZone }: ScalingWindow): string => `${start} to ${end} ${timeZone}`;
