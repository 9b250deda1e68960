import type { Limiter } from "./scaling-decision.ts";
import type { Situation } from "./situation.ts";
import { blockWords } from "./step-up.ts";
import type { Verdict } from "./verdict.ts";
import { boundWords, laggingWords, loadWords, percent, pods } from "./wording.ts";

/** As many as there are, and what that follows from. */
export function stay(situation: Situation): Verdict {
  const { observation, memory, lagging, totals, unhurried } = situation;
  const { replicas } = observation;
  const said = (limiter: Limiter, message: string): Verdict => ({
    replicas,
    limiter,
    message: `${pods(replicas)}: ${message}`,
    lookAgainMs: null,
  });
  if (memory.block !== null) return said(memory.block.kind, blockWords(situation));
  if (lagging !== null) return said("PartitionSkew", laggingWords(lagging, situation));
  if (!observation.settled) return said("Settling", "pods start or end: what they tell is no measure yet");
  if (totals.missing !== null) return said("Settling", `${totals.missing}: no pod is taken away meanwhile`);
  if (unhurried)
    return said(
      "Demand",
      `the lag does not come from too few of them: they work ${percent(totals.busiest)} of the time. Load more often, or allow a greater targetLagSeconds`,
    );
  const limiter = limiterOf(situation);
  return said(limiter, `${loadWords(situation)}; ${boundWords(limiter, situation)}`);
}

function limiterOf({ observation, need, load, quiet, lasting, overfull }: Situation): Limiter {
  const { bounds, replicas, partitions } = observation;
  if (overfull && need !== null && need.replicas > replicas && replicas >= bounds.max) return "Maximum";
  if (overfull && need?.beyondPartitions === true && replicas === partitions) return "Partitions";
  // While something is to be caught up, `min` is not what anybody would look for.
  const few = quiet || (load.behindRecords === 0 && lasting !== null && lasting.replicas <= bounds.min);
  return few && replicas === bounds.min ? "Minimum" : "Demand";
}
