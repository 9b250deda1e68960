import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import { isAlive, runsAlone, servingPods } from "../decide/serving-pods.ts";
import type { Situation } from "../decide/situation.ts";
import { label } from "../names.ts";
import type { Observed, Revision } from "../observed.ts";
import { available } from "./available.ts";
import { draining } from "./draining.ts";
import { conditionsFrom, type Judgement } from "./judgement.ts";
import { listedProblems } from "./listed-problems.ts";
import { lagOfSource, type Numbers, numbersOf } from "./numbers.ts";
import { progressing } from "./progressing.ts";
import { qualityAsExpected } from "./quality.ts";
import { readyFrom } from "./ready.ts";
import { scalingCondition } from "./scaling-condition.ts";
import { scalingStatus } from "./scaling-status.ts";
import { timestamp } from "./timestamp.ts";
import { isAdvisory, toldConditions } from "./told-conditions.ts";
import { totalsOf } from "./totals.ts";

/** The whole status of a Pipeline that is not being deleted. Members that nothing is known of are left out. */
export function statusOf(situation: Situation): PipelineStatus {
  const { observed, target, drain } = situation;
  const { pipeline, deployment, nowMs } = observed;
  const before = pipeline.status ?? {};
  const generation = pipeline.metadata.generation ?? 0;
  const { image, lastLoadTime } = { image: target === null ? before.image : imageOf(target), lastLoadTime: lastLoad(observed) };
  return {
    observedGeneration: generation,
    ...rolloutOf(situation),
    ...(drain === null ? {} : { drained: drain.done && drain.killed === null }),
    ...(image === undefined ? {} : { image }),
    conditions: conditionsFrom(judgementsOf(situation), { before: before.conditions ?? [], generation, now: timestamp(nowMs) }),
    pods: `${deployment?.status?.readyReplicas ?? 0}/${target === null ? 0 : situation.replicas}`,
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas: deployment?.status?.readyReplicas ?? 0,
    selector: `${label.pipeline}=${pipeline.metadata.name}`,
    ...numbersIn(situation),
    ...totalsOf(observed),
    ...scalingStatus(situation),
    ...(lastLoadTime === undefined ? {} : { lastLoadTime }),
  };
}

/** All conditions, Ready first. */
function judgementsOf(situation: Situation): readonly Judgement[] {
  const { observed, drain } = situation;
  const told = drain === null ? toldConditions(servingPods(observed), observed.pipeline.status?.conditions ?? []) : [];
  const judgements = [
    specValid(situation),
    referencesResolved(situation),
    progressing(situation),
    available(situation),
    ...told.filter(({ type }) => type !== "QualityAsExpected"),
    ...qualityAsExpected(situation, told),
    ...scalingCondition(situation),
  ];
  const lastGoodRuns =
    situation.proven !== null && judgements.some(({ type, status }) => type === "Available" && status === "True");
  const ready = readyFrom(
    judgements.filter(({ type }) => !isAdvisory(type)),
    lastGoodRuns,
  );
  return [ready, ...judgements, ...(drain === null ? [] : [draining(drain)])];
}

function specValid({ wanted }: Situation): Judgement {
  const type = "SpecValid";
  if (wanted.invalid.length > 0) return { type, status: "False", reason: "SpecInvalid", message: listedProblems(wanted.invalid) };
  return { type, status: "True", reason: "Valid", message: "the spec and its SQL are valid" };
}

function referencesResolved({ wanted }: Situation): Judgement {
  const type = "ReferencesResolved";
  if (wanted.unresolved.length > 0)
    return { type, status: "False", reason: "ReferenceMissing", message: listedProblems(wanted.unresolved) };
  return { type, status: "True", reason: "Resolved", message: "what the spec refers to is there" };
}

/** Which revision runs, and what became of the last rollout. */
function rolloutOf({ observed, rollout, target, proven, wanted, autoscaling }: Situation): PipelineStatus {
  const { pipeline } = observed;
  const before = pipeline.status ?? {};
  const good = rollout.kind === "proven" ? target?.hash : (proven?.hash ?? before.provenRevision);
  // What sleeps until there is something to read is what will run then.
  const runs = rollout.kind === "proven" || (rollout.kind === "asleep" && autoscaling !== null);
  const current = runs && target !== null && target.hash === wanted.revision?.hash && runsAlone(observed, target);
  const running = current ? pipeline.metadata.generation : before.runningGeneration;
  const since = "sinceMs" in rollout ? timestamp(rollout.sinceMs) : undefined;
  return {
    ...(running === undefined ? {} : { runningGeneration: running }),
    ...(target === null ? {} : { revision: target.hash }),
    ...(since === undefined ? {} : { rolloutStartTime: since }),
    ...(good === undefined ? {} : { provenRevision: good }),
    ...(rollout.kind === "taken back" ? { failedRollout: rollout.failed } : {}),
  };
}

/** What the pods' reports add up to; while none tells, because none runs or all begin, what the source has told of the lag. */
function numbersIn({ observed, drain, autoscaling }: Situation): Numbers {
  const before = observed.pipeline.status ?? {};
  const pods = drain === null ? reading(observed) : [];
  const isUntold = pods.every(({ ready }) => !ready);
  return autoscaling !== null && isUntold ? lagOfSource(observed.probed, before) : numbersOf(pods, before);
}

/** Pods that own splits: those that are to end still tell, but what they own moves on. */
const reading = ({ pods }: Observed) => pods.filter((pod) => isAlive(pod) && !pod.deleting);

/** The latest that was ever told. */
function lastLoad({ pipeline, pods, departed }: Observed): string | undefined {
  const times = [...pods, ...departed]
    .flatMap(({ report }) => report?.lastLoadTime ?? [])
    .map((time) => timestamp(Date.parse(time)));
  return [...times, ...(pipeline.status?.lastLoadTime === undefined ? [] : [pipeline.status.lastLoadTime])].toSorted().at(-1);
}

function imageOf({ template }: Revision): string | undefined {
  const [container] = (template.spec["containers"] ?? []) as readonly { readonly image?: string }[];
  return container?.image;
}
