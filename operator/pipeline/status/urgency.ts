import { isDeepStrictEqual } from "node:util";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { ObservedPod } from "../observed.ts";
import type { PodReport } from "../pod-report.ts";

/** How soon a status has to be written. `none`: it is the same. */
export type Urgency = "none" | "later" | "slow" | "soon" | "now";

/** How long after the last write of a pipeline's status the next may follow, in milliseconds. */
const paceMs = {
  /** Something turned: at once. */
  now: 0,
  /** What a person would notice moved. No fresher than the pods' answers; and long enough for a small pipeline to begin within one write. */
  soon: 10_000,
  /** Numbers moved at all: sums grow with every record, and a write for each answer of a pod would be the API server's main work. */
  slow: 60_000,
  /** That all is well so far with a pipeline that begins and has no pod yet that is ready: it turns when it has, or with its deadline. */
  later: 600_000,
} as const;

/** Changes of numbers that nobody would act on. Relative to the former value, and absolute where that is small. */
const noticeable = { fraction: 0.2, lagSeconds: 10, lagRecords: 1_000, perSecond: 10 } as const;

/** How soon `after` has to take the place of `before`. */
export function urgencyOf(before: PipelineStatus, after: PipelineStatus): Urgency {
  if (isDeepStrictEqual(lasting(before), lasting(after))) return "none";
  if (!isDeepStrictEqual(turning(before), turning(after))) return "now";
  const begins = isBeginning(before) && isBeginning(after);
  if (!isDeepStrictEqual(shown(before, begins), shown(after, begins))) return "soon";
  if (begins) return "later";
  return numbersMoved(numbersIn(before), numbersIn(after)) ? "soon" : "slow";
}

/** No revision has ever proven itself, the first rolls out, and no pod of it is ready yet: that all is well so far is no news. */
const isBeginning = ({ provenRevision, readyReplicas = 0, conditions = [] }: PipelineStatus): boolean =>
  provenRevision === undefined &&
  readyReplicas === 0 &&
  conditions.some(({ type, status }) => type === "Progressing" && status === "True");

/** Without what is kept only for an operator that starts again: what matters of that shows in the terms, too. */
const lasting = ({ scaling, ...status }: PipelineStatus): unknown => [status, { ...scaling, memory: "" }];

/** What the pace of a pipeline's status depends on; times in milliseconds since the epoch. */
export interface Pace {
  /** When it was last written. */
  readonly writtenMs: number;
  readonly pods: readonly Pick<ObservedPod, "ready" | "readySinceMs">[];
  readonly nowMs: number;
}

/**
 * How long a status of this urgency has to wait, in milliseconds; 0: it does not. It counts from the last write, and from when the first
 * of its pods became ready: what begins then turns within seconds, and a status that tells only of the pod would be one too many.
 */
export function waitMs(urgency: Exclude<Urgency, "none">, { writtenMs, pods, nowMs }: Pace): number {
  const readySinceMs = pods.filter(({ ready }) => ready).map((pod) => pod.readySinceMs);
  // A node's clock may be ahead.
  const begunMs = readySinceMs.length === 0 ? 0 : Math.min(nowMs, ...readySinceMs);
  return Math.max(0, paceMs[urgency] - (nowMs - Math.max(writtenMs, begunMs)));
}

/** Whether a pod's answer says something that its pipeline's status would show soon. */
export function answerMatters(before: PodReport | null, after: PodReport | null): boolean {
  if (before === null || after === null) return before !== after;
  const turned = (report: PodReport) => report.conditions.map(({ type, status, reason }) => [type, status, reason]);
  if (!isDeepStrictEqual(turned(before), turned(after)) || before.started !== after.started) return true;
  return numbersMoved(before, after) || demandMoved(before, after);
}

/** What the number of pods follows from. */
function demandMoved(before: PodReport, after: PodReport): boolean {
  const fractions = ({ load }: PodReport) => [load?.busyFraction ?? 0, load?.sinkWaitFraction ?? 0] as const;
  const [[busyBefore, waitBefore], [busy, wait]] = [fractions(before), fractions(after)];
  return (
    Math.abs(busy - busyBefore) > noticeable.fraction ||
    Math.abs(wait - waitBefore) > noticeable.fraction ||
    moved(before.arrivals?.recordsPerSecond, after.arrivals?.recordsPerSecond, noticeable.perSecond) ||
    before.splitsTotal !== after.splitsTotal ||
    before.rebalances?.count !== after.rebalances?.count
  );
}

/** Whether anything at all differs in two answers, but for when they were given. */
export const answerDiffers = (before: PodReport, after: PodReport): boolean =>
  !isDeepStrictEqual({ ...before, atMs: 0 }, { ...after, atMs: 0 });

/** Conditions whose words are the operator's own. What pods say may hold numbers, and a failing image pull has two texts in turn. */
const ownWords: readonly string[] = ["SpecValid", "ReferencesResolved", "Draining"];
/** Conditions that press. What else turns makes Ready turn, or is only shown. */
const pressing: readonly string[] = ["Ready", "Progressing", ...ownWords];
/** What turns, rather than moves. */
const turning = ({ conditions = [], ...status }: PipelineStatus): unknown => {
  const { pods: _pods, replicas: _replicas, readyReplicas: _ready, lag: _lag, rates: _rates, ...others } = status;
  const { totals: _totals, lastLoadTime: _load, positions: _positions, scaling, ...rest } = others;
  const turned = conditions
    .filter(({ type }) => pressing.includes(type))
    .map(({ type, status, reason, observedGeneration, message }) => {
      return [type, status, reason, observedGeneration, ownWords.includes(type) ? message : ""];
    });
  const { replicas, bounds, decisions } = scaling ?? {};
  return { ...rest, turned, scaling: [replicas, bounds, decisions] };
};
/** Conditions whose words are full of numbers that move. */
const wordy: readonly string[] = ["Scaling", "QualityAsExpected"];
/** What is shown without a number's leeway. At the beginning, of conditions only what is not well. */
const shown = ({ pods, replicas, readyReplicas, scaling, conditions = [] }: PipelineStatus, begins: boolean): unknown => [
  scaling?.limiter,
  pods,
  ...(begins ? [] : [replicas, readyReplicas]),
  conditions
    .filter(({ status }) => !begins || status !== "True")
    .map((condition) => (wordy.includes(condition.type) ? { ...condition, message: "" } : condition)),
];

interface Moving {
  readonly lag?: { readonly records?: number | null | undefined; readonly seconds?: number | null | undefined } | undefined;
  readonly rates?: { readonly recordsPerSecond?: number | undefined; readonly rowsPerSecond?: number | undefined } | undefined;
}
const numbersIn = ({ lag, rates }: PipelineStatus): Moving => ({ lag, rates });

function numbersMoved(before: Moving, after: Moving): boolean {
  return (
    moved(before.lag?.seconds, after.lag?.seconds, noticeable.lagSeconds) ||
    moved(before.lag?.records, after.lag?.records, noticeable.lagRecords) ||
    moved(before.rates?.recordsPerSecond, after.rates?.recordsPerSecond, noticeable.perSecond) ||
    moved(before.rates?.rowsPerSecond, after.rates?.rowsPerSecond, noticeable.perSecond)
  );
}

function moved(before: number | null | undefined, after: number | null | undefined, atLeast: number): boolean {
  const [from, to] = [before ?? null, after ?? null];
  if (from === null || to === null) return from !== to;
  return Math.abs(to - from) > Math.max(noticeable.fraction * from, atLeast);
}
