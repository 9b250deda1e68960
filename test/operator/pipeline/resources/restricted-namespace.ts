import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { deployment } from "../../../../operator/pipeline/resources/deployment.ts";
import { networkPolicy } from "../../../../operator/pipeline/resources/network-policy.ts";
import { type Owner, ownerOf } from "../../../../operator/pipeline/resources/owner-reference.ts";
import { podDisruptionBudget } from "../../../../operator/pipeline/resources/pod-disruption-budget.ts";
import { serviceAccount } from "../../../../operator/pipeline/resources/service-account.ts";
import { revisionConfigMap } from "../../../../operator/pipeline/revision-config-map.ts";
import type { ApiAccess } from "../../../cluster/api-access.ts";
import { sharedApiServer } from "../../../cluster/shared-api-server.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { orders, type OrdersOptions, ordersRevision } from "../orders.ts";

/** A namespace of its own in the run's API server, under the restricted Pod Security profile. */
export interface RestrictedNamespace {
  readonly api: ApiAccess;
  readonly namespace: string;
  /** Applies as the operator does, and answers what the API server has then. */
  apply(object: object): Promise<KubeObject>;
  /** Creates it on trial only, and answers what would be; throws what the API server says. */
  tryOut<T>(object: object): Promise<T>;
  /** A Pipeline that is really there: the garbage collector takes what belongs to none. */
  owner(name: string): Promise<Owner>;
  /** All that such a Pipeline has, in the order of their making, without pods. */
  children(name: string, options?: OrdersOptions): Promise<readonly KubeObject[]>;
}

/** Makes one. */
export async function restrictedNamespace(): Promise<RestrictedNamespace> {
  const api = await sharedApiServer();
  const namespace = uniqueName("restricted").toLowerCase();
  await api.kubectl(["create", "namespace", namespace]);
  await api.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  const owners = new Map<string, Promise<Owner>>();
  const run = async <T>(args: readonly string[], object: object): Promise<T> =>
    JSON.parse(await api.kubectl([...args, "-o", "json", "-f", "-"], { input: JSON.stringify(object) })) as T;
  const apply = (object: object): Promise<KubeObject> =>
    run(["apply", "--server-side", "--force-conflicts", "--field-manager=snowline-operator"], object);
  const makeOwner = async (name: string): Promise<Owner> => {
    const { apiVersion, kind, spec } = orders().pipeline;
    return ownerOf(await apply({ apiVersion, kind, metadata: { name, namespace }, spec }));
  };
  const owner = (name: string): Promise<Owner> => {
    const made = owners.get(name) ?? makeOwner(name);
    owners.set(name, made);
    return made;
  };
  const children = async (name: string, options: OrdersOptions = {}): Promise<readonly KubeObject[]> => {
    const itself = await owner(name);
    const revision = ordersRevision({ ...options, namespace, metadata: { name } });
    return [
      serviceAccount(itself),
      revisionConfigMap(itself, revision),
      podDisruptionBudget(itself),
      networkPolicy(itself),
      deployment(itself, revision, { replicas: 0, deadlineSeconds: 600 }),
    ];
  };
  return { api, namespace, apply, tryOut: (object) => run(["create", "--dry-run=server"], object), owner, children };
}

/** The template of a Deployment as a pod of its own. */
export function podOf(deployment: KubeObject, name: string): { readonly metadata: object; readonly spec: PodSpec } {
  const { template } = (deployment as unknown as { spec: { template: { metadata: object; spec: PodSpec } } }).spec;
  const { namespace } = deployment.metadata;
  const pod = { apiVersion: "v1", kind: "Pod", ...template, metadata: { ...template.metadata, name, namespace } };
  return pod;
}

/** A pod's spec, as far as tests change it. */
export interface PodSpec {
  readonly securityContext: object;
  readonly volumes: readonly object[];
  readonly containers: readonly [object];
}
