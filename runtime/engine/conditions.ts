import type { Condition } from "../../crds/kinds/condition.ts";

/** What the engine observes about its pipeline. */
export type ConditionType =
  | "Ready"
  | "Progressing"
  | "Draining"
  | "SourceReachable"
  | "SourceAsExpected"
  | "SinkReachable"
  | "DeadLettersReachable"
  | "LookupsFresh"
  | "QualityAsExpected";

/** A condition as it was observed; when it last changed is found out. */
export interface Observation {
  readonly type: ConditionType;
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

/** The conditions after an observation. `lastTransitionTime` moves only when `status` changes, as Kubernetes wants it. */
export function withCondition(conditions: readonly Condition[], observed: Observation, nowMs: number): readonly Condition[] {
  const before = conditions.find((condition) => condition.type === observed.type);
  const lastTransitionTime = before?.status === observed.status ? before.lastTransitionTime : new Date(nowMs).toISOString();
  const next: Condition = { ...observed, lastTransitionTime };
  return before === undefined ? [...conditions, next] : conditions.map((condition) => (condition === before ? next : condition));
}

/** `Ready`, from the other conditions: the pipeline reads and can load. */
export function readiness(conditions: readonly Condition[]): Observation {
  const of = (type: ConditionType): Condition | undefined => conditions.find((condition) => condition.type === type);
  const draining = of("Draining");
  if (draining?.status === "True") return { type: "Ready", status: "False", reason: "Draining", message: draining.message };
  const progressing = of("Progressing");
  const unreachable = (["SourceReachable", "SinkReachable", "DeadLettersReachable"] as const)
    .map(of)
    .find((condition) => condition?.status === "False");
  // Who starts and reaches a system in vain does not merely start.
  if (unreachable !== undefined && progressing?.status !== "False")
    return { type: "Ready", status: "False", reason: unreachable.reason, message: unreachable.message };
  if (progressing?.status !== "True") {
    return {
      type: "Ready",
      status: "False",
      reason: progressing?.reason ?? "Starting",
      message: progressing?.message ?? "the pipeline is starting",
    };
  }
  return { type: "Ready", status: "True", reason: "Running", message: "the pipeline reads and can load" };
}
