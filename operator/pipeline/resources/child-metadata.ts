import { childName } from "../names.ts";
import { childLabels } from "./child-labels.ts";
import { type Owner, ownerReference } from "./owner-reference.ts";

/** `metadata` of what a pipeline has one of. */
export function childMetadata(pipeline: Owner) {
  return {
    name: childName(pipeline.name),
    namespace: pipeline.namespace,
    labels: childLabels(pipeline.name),
    ownerReferences: [ownerReference(pipeline)],
  };
}
