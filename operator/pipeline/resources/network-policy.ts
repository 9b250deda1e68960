import { podPort } from "../names.ts";
import { podSelector } from "./child-labels.ts";
import { childMetadata } from "./child-metadata.ts";
import type { Owner } from "./owner-reference.ts";

/**
 * Lets nobody in but to metrics, status and probes. Out is not limited: brokers, warehouses and private links are names whose
 * addresses change, which a NetworkPolicy cannot say; who limits them does it with policies of his own beside this one.
 */
export function networkPolicy(pipeline: Owner) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: childMetadata(pipeline),
    spec: {
      podSelector: podSelector(pipeline.name),
      policyTypes: ["Ingress"],
      ingress: [{ ports: [{ port: podPort, protocol: "TCP" }] }],
    },
  } as const;
}
