import { Cron } from "croner";
import type { PipelineScaling } from "../../crds/kinds/scaling.ts";

/** A recurring time with bounds of its own, as it is written. */
export type ScalingWindow = NonNullable<PipelineScaling["windows"]>[number];

/** Its moments, each in milliseconds since the epoch; null where there is none. */
export interface WindowTimes {
  readonly holds: boolean;
  /** When it ends where it holds, begins where it does not. */
  readonly nextMs: number | null;
}

/** Finds the moments of an expression of five fields in a time zone. Throws where it is none, with croner's reason. */
export function cronOf(expression: string, timeZone: string): Cron {
  if (expression.includes("?"))
    throw new RangeError("`?` stands for the time at which it is read, so that it would be another each time");
  return new Cron(expression, { timezone: timeZone, paused: true, mode: "5-part" });
}

/** How a window stands at a moment. One that cannot be read never holds: `windowProblems` has said so when it was applied. */
export function windowAt({ start, end, timeZone }: ScalingWindow, nowMs: number): WindowTimes {
  try {
    const [starts, ends] = [cronOf(start, timeZone), cronOf(end, timeZone)];
    const [started, ended] = [lastOf(starts, nowMs), lastOf(ends, nowMs)];
    const holds = started !== null && (ended === null || ended < started);
    return { holds, nextMs: (holds ? ends : starts).nextRun(new Date(nowMs))?.getTime() ?? null };
  } catch {
    return { holds: false, nextMs: null };
  }
}

/** The last moment up to now, which counts. */
function lastOf(cron: Cron, nowMs: number): number | null {
  const afterMs = Math.floor(nowMs / 1000) * 1000 + 1000;
  return cron.previousRuns(1, new Date(afterMs))[0]?.getTime() ?? null;
}
