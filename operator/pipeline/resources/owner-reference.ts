import assert from "node:assert/strict";
import { apiVersion } from "../../../crds/kinds/kind.ts";
import { pipelineKind } from "../../../crds/kinds/pipeline.ts";
import type { ObjectMeta, OwnerReference } from "../../kube/kube-object.ts";

/** The Pipeline that a child belongs to. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A Pipeline, as the API server has it, as an owner. */
export function ownerOf({ metadata }: { readonly metadata: ObjectMeta }): Owner {
  const { namespace, name, uid } = metadata;
  assert(namespace !== undefined && uid !== undefined, `pipeline ${name}: the API server gave it no namespace or uid`);
  return { namespace, name, uid };
}

/**
 * Makes a Pipeline the owner of what the operator makes for it, so that it is collected with it. A deletion in the foreground
 * waits for the child (`blockOwnerDeletion`, for which the operator may update pipelines/finalizers).
 */
export function ownerReference({ name, uid }: Owner): OwnerReference {
  return { apiVersion, kind: pipelineKind.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
