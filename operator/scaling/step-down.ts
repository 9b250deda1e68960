import { clamp } from "./clamp.ts";
import { enoughOver } from "./enough-history.ts";
import type { Situation } from "./situation.ts";
import { blockWords } from "./step-up.ts";
import { settlingFor } from "./settling.ts";
import { stepPaidAtMs } from "./steps-taken.ts";
import type { Verdict } from "./verdict.ts";
import { boundWords, duration, laggingWords, loadWords, pods } from "./wording.ts";

/** Fewer pods, once they have been enough for long enough; or why not yet. Null where all that there are are needed. */
export function stepDown(situation: Situation): Verdict | null {
  const { observation, memory } = situation;
  const { replicas, nowMs } = observation;
  const now = enoughNow(situation);
  if (now === null || now >= replicas) return null;
  const held = heldUp(situation);
  if (held !== null) return { replicas, ...held };
  if (takenBack(situation) !== null) return down(situation, now);
  const over = enoughOver(memory, { nowMs, windowMs: observation.scaleDownAfterSeconds * 1000 });
  const to = over === null ? replicas : clampedOf(situation, over.replicas);
  if (to < replicas) return down(situation, to);
  const untilMs = over?.untilMs ?? (memory.enoughSinceMs ?? nowMs) + observation.scaleDownAfterSeconds * 1000;
  const waitMs = Math.max(untilMs - nowMs, 0);
  const after = `they have to be enough for ${duration(observation.scaleDownAfterSeconds)} without a break: not before ${duration(waitMs / 1000)} from now`;
  return { replicas, limiter: "Patience", message: `${pods(now)} would do for now: ${after}`, lookAgainMs: waitMs };
}

/** How many pods would be enough now, within the bounds; null where that is not known. */
function enoughNow(situation: Situation): number | null {
  const enough = takenBack(situation) ?? enoughFor(situation);
  return enough === null ? null : clampedOf(situation, enough);
}

/** How many pods there were before the step that brought nothing, while there still are as many as after it; null otherwise. */
function takenBack({ memory: { block, replicas } }: Situation): number | null {
  return block?.kind === "Ineffective" && replicas === block.to ? block.from : null;
}

/** How many pods would be enough for what arrives; 0 where nothing does and nothing is left. Null where that is not known. */
export function enoughFor({ quiet, lasting, memory, totals }: Situation): number | null {
  if (quiet) return memory.unread ? 1 : 0;
  return totals.missing === null && lasting !== null ? lasting.replicas : null;
}

const clampedOf = ({ observation: { bounds, partitions } }: Situation, replicas: number): number =>
  clamp(replicas, { bounds, partitions });

type Held = Omit<Verdict, "replicas">;

/** What speaks against fewer pods whatever the numbers say, most telling first. */
function heldUp(situation: Situation): Held | null {
  const { observation, totals, behind, unhurried, lagging } = situation;
  const { targetLagSeconds } = observation;
  const settlingMs = settlingFor(situation);
  if (settlingMs > 0)
    return { limiter: "Settling", message: "pods start or end: what they tell is no measure yet", lookAgainMs: settlingMs };
  if (totals.missing !== null)
    return { limiter: "Settling", message: `${totals.missing}: no pod is taken away meanwhile`, lookAgainMs: null };
  if (takenBack(situation) !== null) return budgeted(situation);
  const late = (totals.lagSeconds ?? 0) > targetLagSeconds && !unhurried;
  if (!behind && !late) return budgeted(situation);
  if (lagging !== null) return { limiter: "PartitionSkew", message: laggingWords(lagging, situation), lookAgainMs: null };
  return {
    limiter: "CatchingUp",
    message: `${loadWords(situation)}: no pod is taken away before that is done`,
    lookAgainMs: null,
  };
}

function budgeted({ memory, observation, quiet }: Situation): Held | null {
  const { nowMs } = observation;
  const paidAtMs = stepPaidAtMs(memory.steps, memory.rebalanceSeconds, nowMs);
  // Where nothing is read, nothing is stopped.
  if (quiet || paidAtMs <= nowMs) return null;
  const again = duration((paidAtMs - nowMs) / 1000);
  const message = `the steps of the last hour have stopped the reading often enough: fewer pods in ${again} at the earliest. A longer scaleDownAfterSeconds makes fewer steps`;
  return { limiter: "RebalanceBudget", message, lookAgainMs: paidAtMs - nowMs };
}

function down(situation: Situation, to: number): Verdict {
  const { observation, quiet } = situation;
  const { bounds, scaleDownAfterSeconds } = observation;
  if (takenBack(situation) !== null)
    return { replicas: to, limiter: "Ineffective", message: `${pods(to)}: ${blockWords(situation)}`, lookAgainMs: null };
  const forLong = `for ${duration(scaleDownAfterSeconds)}`;
  if (to === 0)
    return {
      replicas: 0,
      limiter: "Idle",
      message: `no pod: nothing has arrived ${forLong}, and all is loaded`,
      lookAgainMs: null,
    };
  const limiter = to === bounds.min && quiet ? "Minimum" : "Demand";
  const message = `${pods(to)} ${to === 1 ? "has" : "have"} been enough ${forLong}: ${loadWords(situation)}; ${boundWords(limiter, situation)}`;
  return { replicas: to, limiter, message, lookAgainMs: null };
}
