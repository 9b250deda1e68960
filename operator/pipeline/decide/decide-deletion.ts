import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Happening } from "../../control/event-recorder.ts";
import { finalizer, label } from "../names.ts";
import type { Observed, Revision } from "../observed.ts";
import type { Action, OperatorSettings, Plan } from "../plan.ts";
import { deployment } from "../resources/deployment.ts";
import { ownerOf } from "../resources/owner-reference.ts";
import { draining } from "../status/draining.ts";
import { conditionsFrom } from "../status/judgement.ts";
import { timestamp } from "../status/timestamp.ts";
import { type Drain, drainOf } from "./drain.ts";
import { runningRevision } from "./wanted.ts";

/**
 * A Pipeline that is being deleted: its pods end first, each after it has loaded what it read, and then the finalizer is taken off,
 * so that the API server lets go of it and the garbage collector of what it owns. Nothing is made or mended any more.
 */
export function decideDeletion(observed: Observed, settings: OperatorSettings): Plan {
  const { pipeline, nowMs } = observed;
  const drain = drainOf(observed, "Deleting");
  const status = deletionStatus(observed, drain);
  if (pipeline.metadata.finalizers?.includes(finalizer) !== true)
    return { actions: [], status, happenings: [], requeueAfterMs: null, remembered: observed.remembered, sleeper: null };
  const actions: readonly Action[] = drain.done
    ? [{ kind: "finalizer", present: false }]
    : [{ kind: "status" }, ...scaledDown(observed, settings)];
  const requeueAfterMs = drain.lookAgainMs === null ? null : drain.lookAgainMs - nowMs;
  const happenings = news(observed, status);
  return { actions, status, happenings, requeueAfterMs, remembered: observed.remembered, sleeper: null };
}

/** Conditions Draining and Ready; the rest stays as it was last seen. */
function deletionStatus({ pipeline, deployment, nowMs }: Observed, drain: Drain): PipelineStatus {
  const before = pipeline.status ?? {};
  const judgement = draining(drain);
  const judgements = [{ ...judgement, type: "Ready", status: "False" as const, reason: "Deleting" }, judgement];
  const former = before.conditions ?? [];
  const now = timestamp(nowMs);
  const next = conditionsFrom(judgements, { before: former, generation: pipeline.metadata.generation ?? 0, now });
  const [ready, ...others] = next;
  const kept = former.filter(({ type }) => type !== "Ready" && type !== "Draining");
  const readyReplicas = deployment?.status?.readyReplicas ?? 0;
  return {
    ...before,
    drained: drain.done && drain.killed === null,
    conditions: [...(ready === undefined ? [] : [ready]), ...kept, ...others],
    pods: `${readyReplicas}/0`,
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas,
  };
}

/** The Deployment as it is, without pods: its template stays whatever else happens. */
function scaledDown(observed: Observed, settings: OperatorSettings): readonly Action[] {
  const { deployment: live, pipeline } = observed;
  if (live === null || live.spec.replicas === 0 || live.metadata.deletionTimestamp !== undefined) return [];
  const revision: Revision = runningRevision(observed) ?? lostRevision(observed, live.spec.template);
  const deadlineSeconds = pipeline.spec.rollout?.deadlineSeconds ?? settings.rolloutDeadlineSeconds;
  return [{ kind: "apply", object: deployment(ownerOf(pipeline), revision, { replicas: 0, deadlineSeconds }) }];
}

/** Of a revision whose ConfigMap is gone the Deployment still has the template. */
function lostRevision({ pipeline }: Observed, template: Revision["template"]): Revision {
  const { generation = 0 } = pipeline.metadata;
  const hash = template.metadata.labels[label.revision] ?? "";
  return {
    hash,
    identity: "",
    template,
    content: { spec: pipeline.spec, generation, connections: [], references: [], roll: "" },
  };
}

function news({ pipeline }: Observed, status: PipelineStatus): readonly Happening[] {
  const of = ({ conditions = [] }: PipelineStatus) => conditions.find(({ type }) => type === "Draining");
  const now = of(status);
  if (now === undefined || of(pipeline.status ?? {})?.reason === now.reason) return [];
  const reason = now.reason === "PodsEnding" ? "Draining" : now.reason;
  return [{ type: ["Draining", "Drained"].includes(reason) ? "Normal" : "Warning", reason, action: "Drain", note: now.message }];
}
