import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Observed, Revision } from "../observed.ts";
import type { OperatorSettings } from "../plan.ts";
import type { Autoscaling } from "./autoscale.ts";
import { type Drain, drainOf } from "./drain.ts";
import { countRows, type RowCount } from "./count-rows.ts";
import { replicasOf } from "./replicas-of.ts";
import { isWorthAnotherTry, judgeRollout } from "./judge-rollout.ts";
import type { FailedRollout, Rollout } from "./rollout.ts";
import { runningRevision, type Wanted, wantedOf } from "./wanted.ts";

/** What was observed and what it means: all that the status and the writes are made from. */
export interface Situation {
  readonly observed: Observed;
  readonly wanted: Wanted;
  /** What the Deployment is to run: what is wanted, or the last good one; null where there is neither. */
  readonly target: Revision | null;
  /** The last revision that has proven itself; null before the first. */
  readonly proven: Revision | null;
  /** Pods that are to run. */
  readonly replicas: number;
  /** Null where the spec says how many, or none are to run whatever arrives. */
  readonly autoscaling: Autoscaling | null;
  /** How long a rollout may take, in seconds. */
  readonly deadlineSeconds: number;
  readonly rollout: Rollout;
  /** Null while pods are wanted. */
  readonly drain: Drain | null;
  /** Null where nobody wants to know, or nothing is to be loaded. */
  readonly rowCount: RowCount | null;
}

/** Finds out what is to run, how many of it, and how the rollout to it fares. For a Pipeline that is not being deleted. */
export function situationOf(observed: Observed, settings: OperatorSettings): Situation {
  const { spec, status } = observed.pipeline;
  const wanted = wantedOf(observed, settings);
  const deadlineSeconds = spec.rollout?.deadlineSeconds ?? settings.rolloutDeadlineSeconds;
  const proven = observed.revisions.find(({ hash }) => hash === status?.provenRevision) ?? null;
  const candidate = wanted.revision ?? runningRevision(observed) ?? proven;
  const failed = candidate === null || candidate.hash === proven?.hash ? null : failedBefore(status, candidate);
  const live = observed.deployment?.spec.replicas ?? 0;
  const stays = failed !== null && proven !== null && !isWorthAnotherTry(observed, failed, { proven, replicas: live });
  const isResting = candidate !== null && (candidate.hash === proven?.hash || stays);
  const { replicas, asleep, autoscaling } = replicasOf(observed, {
    target: stays ? proven : candidate,
    isResting,
    scaleToZero: settings.scaleToZero,
  });
  const drain = replicas > 0 ? null : drainOf(observed, asleep);
  const rowCount = drain !== null && autoscaling === null ? null : countRows(observed);
  const common = { observed, wanted, proven, replicas, autoscaling, deadlineSeconds, drain, rowCount };
  if (candidate === null) return { ...common, target: null, rollout: { kind: "none" } };
  if (candidate.hash === proven?.hash) return { ...common, target: candidate, rollout: provenAgain(replicas) };
  const rollout: Rollout = stays
    ? { kind: "taken back", failed }
    : judgeRollout(observed, { target: candidate, proven, replicas, deadlineSeconds });
  return { ...common, target: rollout.kind === "taken back" ? proven : candidate, rollout };
}

const provenAgain = (replicas: number): Rollout => (replicas === 0 ? { kind: "asleep" } : { kind: "proven" });

/** That this very revision was taken back. It is not tried again: with another spec or other inputs it would be another one. */
function failedBefore(status: PipelineStatus | undefined, { hash }: Revision): FailedRollout | null {
  const failed = status?.failedRollout;
  return failed?.revision === hash ? failed : null;
}
