import assert from "node:assert/strict";
import type { Connection } from "../../../crds/kinds/connection.ts";
import type { Pipeline } from "../../../crds/kinds/pipeline.ts";
import { validate } from "../../../crds/validate.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { decide } from "../../../operator/pipeline/decide.ts";
import type { LiveConnection } from "../../../operator/pipeline/observed.ts";
import { referencesOf } from "../../../operator/pipeline/references-of.ts";
import { rememberedFrom } from "../../../operator/pipeline/remembered.ts";
import { unprobed } from "../../../operator/probe/probed.ts";

const uid = "00000000-0000-0000-0000-000000000000";

/** The children that the operator decides to make of a Pipeline, in its order, without a namespace and an owner; the Deployment comes last. */
export function childrenOfPipeline(pipeline: KubeObject, connections: readonly KubeObject[]): readonly KubeObject[] {
  const valid = checked(pipeline) as Pipeline;
  const named = connections.map((each) => checked(each) as LiveConnection);
  const references = referencesOf(
    valid.spec,
    named.map(({ metadata, spec }) => ({ name: metadata.name, spec })),
  ).map(({ kind, name, keys }) => ({ kind, name, keys, version: `${uid}/1` }));
  const { actions } = decide(
    {
      pipeline: { ...valid, metadata: { ...pipeline.metadata, uid, generation: 1 } },
      connections: new Map(named.map((each) => [each.metadata.name, each])),
      references,
      revisions: [],
      specProblems: [],
      deployment: null,
      children: [],
      pods: [],
      departed: [],
      obstacle: null,
      probed: unprobed,
      remembered: rememberedFrom(undefined),
      nowMs: 0,
    },
    {
      runtimeImage: "local.test/nothing:1",
      imagePullPolicy: "IfNotPresent",
      imagePullSecrets: [],
      rolloutDeadlineSeconds: 600,
      scaleToZero: false,
    },
  );
  const children = actions.flatMap((action) => (action.kind === "apply" ? [action.object] : []));
  assert.equal(children.at(-1)?.kind, "Deployment");
  return children.map((child) => {
    const { namespace: _namespace, ownerReferences: _owner, ...metadata } = child.metadata;
    return { ...child, metadata };
  });
}

function checked(given: KubeObject): Pipeline | Connection {
  const { resource, problems } = validate(given);
  assert(resource !== null, JSON.stringify(problems));
  return resource;
}
