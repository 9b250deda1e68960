import { isDeepStrictEqual } from "node:util";
import type { Condition } from "../../../crds/kinds/condition.ts";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Happening } from "../../control/event-recorder.ts";
import { changeOf } from "../change-of.ts";
import type { Situation } from "./situation.ts";
import { runningRevision } from "./wanted.ts";

/** Conditions that are told when they turn False, and what is done about them. Ready and Available only repeat the others. */
const told: Readonly<Record<string, string>> = {
  SpecValid: "Validate",
  ReferencesResolved: "Resolve",
  Progressing: "Roll",
  SourceReachable: "Read",
  SourceAsExpected: "Read",
  SinkReachable: "Load",
  DeadLettersReachable: "Load",
  QualityAsExpected: "Check",
};
/** What holds the number of pods and is worth a warning. The others come and go with the load. */
const heldBack: readonly string[] = ["PartitionSkew", "SinkLimited", "Ineffective", "ProbeFailed"];

/** What is worth an event: what begins, what ends, and what turned bad since the status before. Nothing is told twice for one status. */
export function happeningsOf(situation: Situation, after: PipelineStatus): readonly Happening[] {
  const before = situation.observed.pipeline.status ?? {};
  return [
    ...rolled(situation, before, after),
    ...turnedBad(before, after),
    ...scaled(situation, before, after),
    ...drained(before, after),
  ];
}

function rolled(situation: Situation, before: PipelineStatus, after: PipelineStatus): readonly Happening[] {
  const { rollout, target } = situation;
  const begins = rollout.kind === "running" && before.revision !== after.revision;
  const proves = rollout.kind === "proven" && before.provenRevision !== after.provenRevision;
  const note = `generation ${after.observedGeneration}`;
  return [
    ...(begins
      ? [
          {
            type: "Normal",
            reason: "RollingOut",
            action: "Roll",
            note: `${note} rolls out as revision ${target?.hash}${changes(situation)}`,
          } as const,
        ]
      : []),
    ...(proves
      ? [
          {
            type: "Normal",
            reason: "RolledOut",
            action: "Roll",
            note: `${note} runs as revision ${target?.hash}: its pods read, transform and load`,
          } as const,
        ]
      : []),
  ];
}

/** `: spec.transform.sql, Secret warehouse-key`. */
function changes({ observed, target }: Situation): string {
  const running = runningRevision(observed);
  if (running === null || target === null || running.hash === target.hash) return "";
  return `: ${changeOf(running.content, target.content).what.join(", ")}`;
}

function turnedBad(before: PipelineStatus, after: PipelineStatus): readonly Happening[] {
  return (after.conditions ?? []).flatMap(({ type, status, reason, message }) => {
    const former = conditionOf(before, type);
    const action = type === "Scaling" && heldBack.includes(reason) ? "Scale" : told[type];
    const news = former?.status !== "False" || former.reason !== reason;
    return status === "False" && news && action !== undefined
      ? [{ type: "Warning", reason, action, note: message } as const]
      : [];
  });
}

/** A change of the number of pods; what is only recommended happens to nobody. */
function scaled({ observed }: Situation, before: PipelineStatus, after: PipelineStatus): readonly Happening[] {
  const [now] = after.scaling?.decisions ?? [];
  const isNew = now !== undefined && !isDeepStrictEqual(now, before.scaling?.decisions?.[0]);
  if (!isNew || observed.pipeline.spec.scaling?.mode !== "auto" || observed.pipeline.spec.suspend === true) return [];
  const note = `from ${now.from} to ${now.to} ${now.to === 1 ? "pod" : "pods"} (${now.reason}): ${now.message}`;
  return [{ type: "Normal", reason: now.to > now.from ? "ScaledUp" : "ScaledDown", action: "Scale", note }];
}

function drained(before: PipelineStatus, after: PipelineStatus): readonly Happening[] {
  const former = conditionOf(before, "Draining");
  const now = conditionOf(after, "Draining");
  if (now === undefined || (former?.status === now.status && former.reason === now.reason)) return [];
  const type = now.reason === "Drained" || now.reason === "PodsEnding" ? "Normal" : "Warning";
  return [{ type, reason: now.reason === "PodsEnding" ? "Draining" : now.reason, action: "Drain", note: now.message }];
}

const conditionOf = ({ conditions = [] }: PipelineStatus, type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);
