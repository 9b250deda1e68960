import { workingFraction } from "./capacity.ts";
import { clamp } from "./clamp.ts";
import type { Limiter } from "./scaling-decision.ts";
import type { Situation } from "./situation.ts";
import { settlingFor } from "./settling.ts";
import { sinkLimitedFraction } from "./step-effect.ts";
import { stepPaidAtMs } from "./steps-taken.ts";
import type { Verdict } from "./verdict.ts";
import { boundWords, duration, loadWords, percent, pods, shownNumber } from "./wording.ts";

/** How far a step goes while pods wait for the sink: far enough to see whether more of them get more out of it. */
const trialFactor = 2;
/** From which part of the time on pods work that were only ever measured with little to do. */
const hurriedFraction = 0.5;

/** More pods, at once and as many as are needed; or why not, where more are needed. Null where those there are do. */
export function stepUp(situation: Situation): Verdict | null {
  const wanted = wantedOf(situation);
  const { replicas, nowMs } = situation.observation;
  if (wanted <= replicas) return null;
  const held = heldBack(situation);
  if (held !== null) return { replicas, ...held };
  const { bounds, partitions } = situation.observation;
  const trial = situation.behind && situation.totals.sinkWaitFraction >= sinkLimitedFraction;
  const to = trial ? Math.min(wanted, clamp(replicas * trialFactor, { bounds, partitions })) : wanted;
  const paidAtMs = stepPaidAtMs(situation.memory.steps, situation.memory.rebalanceSeconds, nowMs);
  if (paidAtMs > nowMs && !isLate(situation)) return unpaid(situation, wanted, paidAtMs);
  const limiter = trial ? "Demand" : limiterOf(to, situation);
  const waiting = percent(situation.totals.sinkWaitFraction);
  const why = trial
    ? `pods wait for the sink ${waiting} of the time, and it is to be seen whether more of them get more out of it`
    : boundWords(limiter, situation);
  return { replicas: to, limiter, message: `${pods(to)}: ${loadWords(situation)}; ${why}`, lookAgainMs: null };
}

function wantedOf({ need, urgent, overfull, observation }: Situation): number {
  const { bounds, partitions } = observation;
  return need === null || !(overfull || urgent) ? 0 : clamp(need.replicas, { bounds, partitions });
}

type Held = Omit<Verdict, "replicas">;

/** What speaks against a step up, most telling first. */
function heldBack(situation: Situation): Held | null {
  const { memory, observation, totals, capacity } = situation;
  const { block } = memory;
  if (block !== null) return { limiter: block.kind, message: blockWords(situation), lookAgainMs: null };
  const settlingMs = observation.settled ? 0 : Math.max(settlingFor(situation), totals.missing === null ? 0 : 1);
  if (settlingMs > 0)
    return {
      limiter: "Settling",
      message: `${loadWords(situation)}; pods start or end, and are waited for`,
      lookAgainMs: settlingMs,
    };
  if (capacity?.quality === "idle" && totals.busiest < hurriedFraction && !isLate(situation))
    return {
      limiter: "NotMeasured",
      message: `${loadWords(situation)}, as far as is known: no pod ever worked more than ${percent(workingFraction)} of the time`,
      lookAgainMs: null,
    };
  return null;
}

/** What a step that brought nothing shows, and what to do about it. */
export function blockWords({ memory, totals, observation }: Situation): string {
  const { block } = memory;
  if (block === null) return "";
  const seen = `from ${pods(block.from)} to ${block.to} brought ${shownNumber(block.recordsPerSecond)} records/s in all`;
  if (block.kind === "SinkLimited")
    return (
      `pods wait for the sink ${percent(totals.sinkWaitFraction)} of the time, and going ${seen}: further ones would wait, too. ` +
      `Look at the warehouse: its size, what else it runs, how it is loaded`
    );
  const again = duration(Math.max(block.untilMs - observation.nowMs, 0) / 1000);
  return `going ${seen}, next to no more than before: it is tried again in ${again}, or when more is read. Look at what the pods wait for`;
}

function isLate({ observation, totals, behind }: Situation): boolean {
  return behind || (totals.lagSeconds ?? 0) > observation.targetLagSeconds;
}

function unpaid(situation: Situation, wanted: number, paidAtMs: number): Verdict {
  const { replicas, nowMs } = situation.observation;
  const message =
    `${pods(wanted)} would do better, but the steps of the last hour have stopped the reading often enough: ` +
    `the next is in ${duration((paidAtMs - nowMs) / 1000)}, or when the lag passes its target. Raise scaling.min if this is so every day`;
  return { replicas, limiter: "RebalanceBudget", message, lookAgainMs: paidAtMs - nowMs };
}

function limiterOf(to: number, { need, observation }: Situation): Limiter {
  if (need !== null && need.replicas > to) return "Maximum";
  return need?.beyondPartitions === true && to === observation.partitions ? "Partitions" : "Demand";
}
