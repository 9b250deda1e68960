/** A change of the number of pods. */
export interface StepTaken {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
}

/** One whose effect is still to be seen. */
export interface StepUnderWatch extends StepTaken {
  /** What all pods read before it, in records per second. */
  readonly recordsPerSecond: number;
  /** Whether they had more to read than they could. */
  readonly behind: boolean;
}

/** Why there are to be no more pods for now. */
export interface Block {
  readonly kind: "SinkLimited" | "Ineffective";
  /** The step that showed it. */
  readonly from: number;
  readonly to: number;
  /** What all pods read after it, in records per second. */
  readonly recordsPerSecond: number;
  /** When it is tried again, in milliseconds since the epoch. */
  readonly untilMs: number;
}

/** For how long a step counts, in milliseconds. */
const stepsWindowMs = 3_600_000;
/** Steps kept at most: the budget allows fewer. */
export const stepsMax = 32;
/** Seconds of an hour that steps may stop the reading: two hundredths. */
const stallSecondsMax = 72;
/** What a step costs at least, in seconds: a pod that starts and one that ends cost more than the stop of the others. */
const stallSecondsMin = 3;
/** What a step costs while none was measured, in seconds: a consumer group of some pods takes about that long. */
const stallSecondsAssumed = 5;

/** What a step costs, in seconds without reading. */
export const stallSecondsOf = (rebalanceSeconds: number | null): number =>
  Math.max(rebalanceSeconds ?? stallSecondsAssumed, stallSecondsMin);

/** The steps of the last hour, with the newest where it is one. */
export function withStep(before: readonly StepTaken[], step: StepTaken | null, nowMs: number): readonly StepTaken[] {
  const recent = before.filter(({ atMs }) => nowMs - atMs < stepsWindowMs);
  if (step === null && recent.length === before.length) return before;
  return [...recent, ...(step === null ? [] : [step])].slice(-stepsMax);
}

/** When a further step is paid for: now or earlier where it is already. The first of an hour always is. */
export function stepPaidAtMs(steps: readonly StepTaken[], rebalanceSeconds: number | null, nowMs: number): number {
  const price = stallSecondsOf(rebalanceSeconds);
  const paid = Math.max(1, Math.floor(stallSecondsMax / price));
  const first = steps.filter(({ atMs }) => nowMs - atMs < stepsWindowMs).at(-paid);
  return first === undefined ? nowMs : first.atMs + stepsWindowMs;
}
