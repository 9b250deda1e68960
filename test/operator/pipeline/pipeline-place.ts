import { setTimeout as sleep } from "node:timers/promises";
import { type Condition } from "../../../crds/kinds/condition.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { HttpApi } from "../../../operator/kube/http-api.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import { label } from "../../../operator/pipeline/names.ts";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import { resourceType } from "../../../operator/pipeline/resource-types.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { manifest, snowflakeConnection, snowflakeSink } from "../../crds/manifest.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openApi } from "../open-api.ts";
import { type PlayedKubelet, playKubelet } from "./played-kubelet.ts";

const namespaceType: ResourceType = { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
/** Made by a Deployment, which keeps those of former revisions. */
const replicaSetType: ResourceType = { ...resourceType.deployment, kind: "ReplicaSet", plural: "replicasets" };

/** Everything that a pipeline may have. */
const childTypes: readonly ResourceType[] = [
  resourceType.deployment,
  resourceType.configMap,
  resourceType.serviceAccount,
  resourceType.podDisruptionBudget,
  resourceType.networkPolicy,
  resourceType.pod,
];

/** A namespace of one test on a real API server, with Connections, Secrets and a kubelet that is played. */
export interface PipelinePlace extends AsyncDisposable {
  readonly namespace: string;
  readonly api: HttpApi;
  readonly access: ApiAccess;
  readonly kubelet: PlayedKubelet;
  /** Applies the Pipeline `orders`; `fate` is what becomes of its pods, `text` makes two specs differ. */
  apply(spec: { readonly fate?: string; readonly text?: string; readonly set?: object }): Promise<void>;
  /** kubectl scale. */
  scale(replicas: number): Promise<void>;
  /** kubectl delete, without waiting. */
  delete(): Promise<void>;
  pipeline(): Promise<LivePipeline | null>;
  /** Waits until it holds, and answers the Pipeline. */
  until(what: string, holds: (pipeline: LivePipeline | null) => boolean): Promise<LivePipeline | null>;
  /** `kind/name` of all that is there for it, the hashes of revisions left out, sorted. */
  children(): Promise<string[]>;
  replicaSets(): Promise<number>;
}

/** How long a state may take to come, in milliseconds: a Deployment waits five seconds for each pod, on a busy machine. */
const patienceMs = 180_000;

/** Makes the namespace. */
export async function openPipelinePlace(access: ApiAccess): Promise<PipelinePlace> {
  const namespace = uniqueName("pipelines").toLowerCase();
  const api = await openApi(access.kubeconfig);
  // Not by kubectl, which takes half a second of a processor each time: there are many places.
  const owner = { fieldManager: "owner" } as const;
  await api.create(namespaceType, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, owner);
  const connections: readonly [ResourceType, object][] = [
    [resourceType.connection, manifest({ title: "", of: "Connection", set: { "metadata.namespace": namespace } })],
    [
      resourceType.connection,
      manifest({
        title: "",
        of: "Connection",
        set: { "metadata.name": "warehouse", ...snowflakeConnection, "metadata.namespace": namespace },
      }),
    ],
    [
      resourceType.secret,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "snowflake-key", namespace }, stringData: { "rsa_key.p8": "key" } },
    ],
  ];
  for (const [type, object] of connections) await api.create(type, object as KubeObject, owner);
  const kubelet = playKubelet(api, namespace);
  const key = { namespace, name: "orders" };
  const pipeline = () => api.get<LivePipeline>(resourceType.pipeline, key);
  return {
    namespace,
    api,
    access,
    kubelet,
    pipeline,
    apply: async ({ fate = "good", text = "", set = {} }) => {
      const sql = `SELECT '${fate}' AS fate, '${text}' AS text`;
      const object = manifest({
        title: "",
        set: { ...snowflakeSink, "metadata.name": "orders", "metadata.namespace": namespace, "spec.transform": { sql }, ...set },
      });
      await api.apply(resourceType.pipeline, object as unknown as KubeObject, owner);
    },
    scale: async (replicas) => {
      await api.patch(resourceType.pipeline, key, { spec: { replicas } }, { ...owner, subresource: "scale" });
    },
    delete: async () => {
      await api.delete(resourceType.pipeline, key);
    },
    until: async (what, holds) => {
      const since = Date.now();
      for (;;) {
        const found = await pipeline();
        if (holds(found)) return found;
        if (Date.now() - since > patienceMs)
          throw new Error(
            `${namespace}: not so within ${patienceMs} ms: ${what}; faults: ${kubelet.faults.join(", ")}; it is ${JSON.stringify(found?.status)}`,
          );
        await sleep(100);
      }
    },
    children: async () => {
      const selection = { namespace, labelSelector: `${label.pipeline}=orders` };
      const pages = await Promise.all(childTypes.map((type) => api.list<KubeObject>(type, selection)));
      const named = childTypes.flatMap(({ kind }, at) => pages[at]!.items.map(({ metadata }) => shortName(kind, metadata.name)));
      return named.toSorted();
    },
    replicaSets: async () => (await api.list(replicaSetType, { namespace })).items.length,
    [Symbol.asyncDispose]: async () => {
      await kubelet[Symbol.asyncDispose]();
      await api.delete(namespaceType, { namespace: "", name: namespace });
      await api[Symbol.asyncDispose]();
    },
  };
}

const shortName = (kind: string, name: string): string =>
  kind === "Pod" ? "Pod" : `${kind}/${name.replace(/-[0-9a-f]{10}$/, "")}`;

/** `status reason` of a condition. */
export function condition(pipeline: LivePipeline | null, type: string): string {
  const found = (pipeline?.status?.conditions ?? []).find((each: Condition) => each.type === type);
  return found === undefined ? "" : `${found.status} ${found.reason}`;
}

/** True where the spec as it is now runs. */
export const isReady = (pipeline: LivePipeline | null): boolean =>
  condition(pipeline, "Ready").startsWith("True ") && pipeline?.status?.observedGeneration === pipeline?.metadata.generation;
