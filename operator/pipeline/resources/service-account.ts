import { childMetadata } from "./child-metadata.ts";
import type { Owner } from "./owner-reference.ts";

/**
 * The ServiceAccount of a pipeline's pods: no rights and no token, but a subject of its own, which a cloud or Snowflake can give an
 * identity. Not made where `spec.pod.serviceAccountName` names the owner's.
 */
export function serviceAccount(pipeline: Owner) {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: childMetadata(pipeline),
    automountServiceAccountToken: false,
  } as const;
}
