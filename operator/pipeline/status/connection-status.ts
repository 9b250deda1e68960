import type { Problem } from "../../../crds/check.ts";
import type { Condition } from "../../../crds/kinds/condition.ts";
import type { LiveConnection } from "../observed.ts";
import { listedProblems } from "./listed-problems.ts";
import { conditionsFrom, type Judgement } from "./judgement.ts";
import { timestamp } from "./timestamp.ts";

/** Status of a Connection. */
export interface ConnectionStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/**
 * What to say on a Connection: whether what it refers to is there. Nobody connects on its behalf: whether the system answers is said
 * by the Pipelines that use it.
 */
export function connectionStatus(
  { metadata }: LiveConnection,
  { before, missing, nowMs }: { readonly before: ConnectionStatus; readonly missing: readonly Problem[]; readonly nowMs: number },
): ConnectionStatus {
  const judgement: Judgement =
    missing.length === 0
      ? {
          type: "Ready",
          status: "True",
          reason: "Resolved",
          message: "what it refers to is there; whether the system can be reached is told by the Pipelines that use it",
        }
      : { type: "Ready", status: "False", reason: "ReferenceMissing", message: listedProblems(missing) };
  const generation = metadata.generation ?? 0;
  return {
    observedGeneration: generation,
    conditions: conditionsFrom([judgement], { before: before.conditions ?? [], generation, now: timestamp(nowMs) }),
  };
}
