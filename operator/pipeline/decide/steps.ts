import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { finalizer, label } from "../names.ts";
import type { Observed, Revision } from "../observed.ts";
import type { Action } from "../plan.ts";
import { deployment } from "../resources/deployment.ts";
import { networkPolicy } from "../resources/network-policy.ts";
import { type Owner, ownerOf } from "../resources/owner-reference.ts";
import { podDisruptionBudget } from "../resources/pod-disruption-budget.ts";
import { serviceAccount } from "../resources/service-account.ts";
import { keepsRevision, type RevisionConfigMap, revisionConfigMap } from "../revision-config-map.ts";
import { revisionOfDeployment } from "./judge-rollout.ts";
import { isSettled } from "./settled.ts";
import type { Situation } from "./situation.ts";

/** One part of what is to be: the writes that it may take. What is as it should be already costs no request. */
export type Step = (situation: Situation) => readonly Action[];

/**
 * All writes of a pipeline that is not being deleted, in their order: nothing runs before the finalizer is there, nothing is rolled
 * or taken down before the status says so, and nothing is deleted that a pod may still need.
 */
export const steps: readonly Step[] = [
  holdUntilDrained,
  keepServiceAccount,
  keepRevisions,
  keepBudget,
  keepNetworkPolicy,
  tellBeforeTakingDown,
  keepDeployment,
  tellAfterwards,
  deleteOldRevisions,
];

const apply = (object: KubeObject): readonly Action[] => [{ kind: "apply", object }];
const owner = ({ observed }: Situation): Owner => ownerOf(observed.pipeline);

/** The Pipeline stays until its pods have drained. */
function holdUntilDrained({ observed, target }: Situation): readonly Action[] {
  const held = observed.pipeline.metadata.finalizers?.includes(finalizer) === true;
  return held || target === null ? [] : [{ kind: "finalizer", present: true }];
}

/** Also for pods of an owner's account: it may come back to ours while they run. One that is there and no longer used goes with the Pipeline. */
function keepServiceAccount(situation: Situation): readonly Action[] {
  const { target } = situation;
  if (target === null || (target.content.spec as PipelineSpec).pod?.serviceAccountName !== undefined) return [];
  return apply(serviceAccount(owner(situation)));
}

/** The revision that is wanted, though it may have been taken back, and the one that runs. */
function keepRevisions(situation: Situation): readonly Action[] {
  const { wanted, target, observed } = situation;
  const revisions = [wanted.revision, target].filter((revision) => revision !== null);
  return revisions
    .filter(({ hash }, at) => revisions.findIndex((other) => other.hash === hash) === at)
    .flatMap((revision) => {
      const live = configMapOf(observed, revision);
      if (live !== null && keepsRevision(owner(situation), revision, live)) return [];
      return apply(revisionConfigMap(owner(situation), revision, live));
    });
}

function keepBudget(situation: Situation): readonly Action[] {
  return situation.target === null ? [] : apply(podDisruptionBudget(owner(situation)));
}

function keepNetworkPolicy(situation: Situation): readonly Action[] {
  return situation.target === null ? [] : apply(networkPolicy(owner(situation)));
}

function tellBeforeTakingDown(situation: Situation): readonly Action[] {
  return takesDown(situation) ? [{ kind: "status" }] : [];
}

function keepDeployment(situation: Situation): readonly Action[] {
  const { target, replicas, deadlineSeconds } = situation;
  return target === null ? [] : apply(deployment(owner(situation), target, { replicas, deadlineSeconds }));
}

function tellAfterwards(situation: Situation): readonly Action[] {
  return takesDown(situation) ? [] : [{ kind: "status" }];
}

/**
 * What neither runs nor is wanted nor could be gone back to. As long as pods are being replaced the newest of them is spared: its
 * ReplicaSet may be about to make a pod.
 */
function deleteOldRevisions({ observed, wanted, target, proven }: Situation): readonly Action[] {
  if (target === null) return [];
  const needed = new Set([
    wanted.revision?.hash,
    target.hash,
    proven?.hash,
    revisionOfDeployment(observed.deployment),
    ...observed.pods.map(({ revision }) => revision),
  ]);
  const unneeded = observed.revisions.filter(({ hash }) => !needed.has(hash));
  return (isSettled(observed.deployment, target) ? unneeded : unneeded.slice(0, -1))
    .flatMap((revision) => configMapOf(observed, revision) ?? [])
    .map((object) => ({ kind: "delete", object }));
}

/** The Deployment is there, and will replace or end pods. */
function takesDown({ observed, target, replicas }: Situation): boolean {
  const { deployment } = observed;
  if (deployment === null || target === null) return false;
  return revisionOfDeployment(deployment) !== target.hash || replicas < (deployment.spec.replicas ?? 1);
}

function configMapOf({ children }: Observed, { hash }: Revision): RevisionConfigMap | null {
  return children.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.labels?.[label.revision] === hash) ?? null;
}
