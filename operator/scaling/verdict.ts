import type { ScalingDecision } from "./scaling-decision.ts";

/** What a check comes to. */
export type Verdict = Omit<ScalingDecision, "terms">;
