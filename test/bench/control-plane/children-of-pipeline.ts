import assert from "node:assert/strict";
import type { Connection } from "../../../crds/kinds/connection.ts";
import type { Pipeline } from "../../../crds/kinds/pipeline.ts";
import { validate } from "../../../crds/validate.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { LiveConnection } from "../../../operator/pipeline/observed.ts";
import { referencesOf } from "../../../operator/pipeline/references-of.ts";
import { deployment } from "../../../operator/pipeline/resources/deployment.ts";
import { networkPolicy } from "../../../operator/pipeline/resources/network-policy.ts";
import { podDisruptionBudget } from "../../../operator/pipeline/resources/pod-disruption-budget.ts";
import { serviceAccount } from "../../../operator/pipeline/resources/service-account.ts";
import { revisionConfigMap } from "../../../operator/pipeline/revision-config-map.ts";
import { revisionOf } from "../../../operator/pipeline/revision.ts";

/** The children that the operator makes of a Pipeline, in their order, without a namespace and an owner; the Deployment comes last. */
export function childrenOfPipeline(pipeline: KubeObject, connections: readonly KubeObject[]): readonly KubeObject[] {
  const live = valid(pipeline) as Pipeline;
  const named = connections.map((each) => valid(each) as LiveConnection);
  const references = referencesOf(
    live.spec,
    named.map(({ metadata, spec }) => ({ name: metadata.name, spec })),
  ).map(({ kind, name, keys }) => ({ kind, name, keys, version: "00000000-0000-0000-0000-000000000000/1" }));
  const inputs = { pipeline: live, connections: new Map(named.map((each) => [each.metadata.name, each])), references };
  const { revision, problems } = revisionOf(inputs, {
    runtimeImage: "local.test/nothing:1",
    imagePullPolicy: "IfNotPresent",
    imagePullSecrets: [],
    rolloutDeadlineSeconds: 600,
    scaleToZero: false,
  });
  assert(revision !== null, JSON.stringify(problems));
  const owner = { name: live.metadata.name, namespace: "", uid: "" };
  return [
    serviceAccount(owner),
    revisionConfigMap(owner, revision),
    podDisruptionBudget(owner),
    networkPolicy(owner),
    deployment(owner, revision, { replicas: 1, deadlineSeconds: 600 }),
  ].map((child: KubeObject): KubeObject => {
    const { namespace: _namespace, ownerReferences: _owner, ...metadata } = child.metadata;
    return { ...child, metadata };
  });
}

function valid(given: KubeObject): Pipeline | Connection {
  const { resource, problems } = validate(given);
  assert(resource !== null, JSON.stringify(problems));
  return resource;
}
