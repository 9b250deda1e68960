import type { Reading } from "./scaling-memory.ts";
import type { Block, StepTaken, StepUnderWatch } from "./steps-taken.ts";
import type { Totals } from "./totals.ts";

/** Part of what a step should have brought that it has to bring. Flink's autoscaler asks for a tenth; noise of a fifth is common. */
const effectMin = 0.2;
/** From which part of the time on pods that wait for the sink are said to be held up by it. */
export const sinkLimitedFraction = 0.5;
/** Part of what pods carry that is still no reason to blame the sink. */
const carriedMin = 0.6;
/** After how long a step that brought nothing is tried again, in milliseconds. */
const blockMs = 1_800_000;
/** How much more has to be read than at the step that brought nothing to try again at once: more than averages waver. */
const movedFactor = 1.3;

/** What is known when a step is judged. */
export interface Judged {
  readonly totals: Totals;
  readonly nowMs: number;
  /** Whether there is something to catch up. */
  readonly behind: boolean;
  /** Whether one partition is what lags: then the step is not to blame. */
  readonly skewed: boolean;
  /** What a pod carries where the sink does not hold it up; null while nobody knows. */
  readonly perSecond: number | null;
}

/** The block that follows from a step once its effect is to be seen; null where it brought what it should or there is no telling. */
export function effectOf(step: StepUnderWatch, judged: Judged): Block | null {
  const { totals, nowMs, behind, skewed, perSecond } = judged;
  if (!behind || skewed || step.from <= 0) return null;
  const after = totals.recordsPerSecond;
  const sink = totals.sinkWaitFraction >= sinkLimitedFraction;
  // Pods that had time to spare before tell nothing by having read less: only what a pod carries is a measure then.
  const idleBefore = !step.behind || step.recordsPerSecond <= 0;
  if (idleBefore && (perSecond === null || !sink || after >= carriedMin * step.to * perSecond)) return null;
  const expected = step.recordsPerSecond * (step.to / step.from - 1);
  if (!idleBefore && (after - step.recordsPerSecond) / expected >= effectMin) return null;
  const kind = sink ? "SinkLimited" : "Ineffective";
  // Fewer pods that read as much are told of only where the sink explains it.
  if (step.to < step.from && kind === "Ineffective") return null;
  return { kind, from: step.from, to: step.to, recordsPerSecond: after, untilMs: nowMs + blockMs };
}

/** The block while what it follows from is still so; null once something has changed. */
export function blockAfter(block: Block | null, { totals, nowMs, behind }: Judged): Block | null {
  if (block === null || totals.missing !== null) return block;
  if (!behind || totals.recordsPerSecond > movedFactor * block.recordsPerSecond) return null;
  if (block.kind === "SinkLimited") return totals.sinkWaitFraction < sinkLimitedFraction ? null : block;
  return nowMs >= block.untilMs ? null : block;
}

/** The step that is watched from now on, with what pods told last before it; null where they told nothing. */
export function watchedStep(readings: readonly Reading[], step: StepTaken): StepUnderWatch | null {
  const last = readings.at(-1);
  return last === undefined ? null : { ...step, recordsPerSecond: last.recordsPerSecond, behind: last.behind };
}
