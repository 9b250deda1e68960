import { connectionKind } from "../../crds/kinds/connection.ts";
import { group, type Kind, version } from "../../crds/kinds/kind.ts";
import { pipelineKind } from "../../crds/kinds/pipeline.ts";
import type { ResourceType } from "../kube/resource-type.ts";

const ours = ({ kind, plural }: Kind): ResourceType => ({ group, version, kind, plural, namespaced: true });
const core = (kind: string, plural: string): ResourceType => ({ group: "", version: "v1", kind, plural, namespaced: true });

/** The types that a pipeline's workload is made of and depends on. */
export const resourceType = {
  pipeline: ours(pipelineKind),
  connection: ours(connectionKind),
  secret: core("Secret", "secrets"),
  configMap: core("ConfigMap", "configmaps"),
  serviceAccount: core("ServiceAccount", "serviceaccounts"),
  pod: core("Pod", "pods"),
  deployment: { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true },
  podDisruptionBudget: {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    namespaced: true,
  },
  networkPolicy: {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    namespaced: true,
  },
} as const satisfies Readonly<Record<string, ResourceType>>;
