import { noteEnough } from "./enough-history.ts";
import { keepBounds } from "./keep-bounds.ts";
import { measureFirst } from "./measure-first.ts";
import type { ScalingDecision } from "./scaling-decision.ts";
import type { ScalingMemory } from "./scaling-memory.ts";
import type { ScalingObservation } from "./scaling-observation.ts";
import { type Situation, situationOf } from "./situation.ts";
import { startFromNone } from "./start-from-none.ts";
import { stay } from "./stay.ts";
import { enoughFor, stepDown } from "./step-down.ts";
import { stepUp } from "./step-up.ts";
import { termsOf } from "./terms.ts";
import type { Verdict } from "./verdict.ts";

/** What may decide, in this order: the first that has something to say does. */
const checks: readonly ((situation: Situation) => Verdict | null)[] = [startFromNone, keepBounds, measureFirst, stepUp, stepDown];

/**
 * How many pods are to run. Pure: it reads no clock and calls nothing, and the same arguments come to the same. The number lies within
 * the bounds of the observation, always. Whatever was made of the last decision, the next one begins with what runs; so it may be
 * carried out, refused or only shown. To be called with every round of reports: what changes between them is not seen.
 */
export function decideScaling(
  memory: ScalingMemory,
  observation: ScalingObservation,
): { memory: ScalingMemory; decision: ScalingDecision } {
  const situation = withEnough(situationOf(memory, observation));
  const verdict = checks.reduce<Verdict | null>((found, check) => found ?? check(situation), null) ?? stay(situation);
  return { memory: situation.memory, decision: { ...verdict, terms: termsOf(situation) } };
}

/** With a note of how many pods would be enough now. Where that cannot be seen now, what was noted before holds on. */
function withEnough(situation: Situation): Situation {
  const { memory, observation } = situation;
  const enough = enoughFor(situation);
  if (enough === null) return situation;
  const at = { nowMs: observation.nowMs, windowMs: observation.scaleDownAfterSeconds * 1000 };
  return { ...situation, memory: { ...memory, ...noteEnough(memory, enough, at) } };
}
