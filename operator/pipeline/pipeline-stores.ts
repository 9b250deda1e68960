import type { ObjectStore } from "../control/object-store.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { LivePod } from "./live-pod.ts";
import type { LiveConnection, LiveDeployment, LivePipeline } from "./observed.ts";
import type { RevisionConfigMap } from "./revision-config-map.ts";

/** What is known of the cluster, as watches tell it. Children and pods are found by `index.pipeline`. */
export interface PipelineStores {
  /** By `index.connection` and `index.reference`. */
  readonly pipelines: ObjectStore<LivePipeline>;
  /** By `index.reference`. */
  readonly connections: ObjectStore<LiveConnection>;
  /** Metadata only: no secret is ever in this process. */
  readonly secrets: ObjectStore<KubeObject>;
  /** Metadata only, of those that are not the operator's own. */
  readonly configMaps: ObjectStore<KubeObject>;
  /** The operator's own. */
  readonly revisions: ObjectStore<RevisionConfigMap>;
  readonly deployments: ObjectStore<LiveDeployment>;
  readonly serviceAccounts: ObjectStore<KubeObject>;
  readonly podDisruptionBudgets: ObjectStore<KubeObject>;
  readonly networkPolicies: ObjectStore<KubeObject>;
  readonly pods: ObjectStore<LivePod>;
}

/** Names of the indexes. Their values are `namespace/name`, those of references `kind/namespace/name`. */
export const index = { pipeline: "pipeline", connection: "connection", reference: "reference" } as const;
