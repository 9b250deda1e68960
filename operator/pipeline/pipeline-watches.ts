import type { Indexes } from "../control/store.ts";
import type { OnChange } from "../control/object-store.ts";
import { lean } from "../control/lean.ts";
import type { Reflector } from "../control/reflector.ts";
import type { Selection } from "../kube/api.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";
import { childIndexes, connectionIndexes, pipelineIndexes } from "./dependents.ts";
import { type LivePod, podInBrief } from "./live-pod.ts";
import { label, managedBy } from "./names.ts";
import type { LiveConnection, LiveDeployment, LivePipeline } from "./observed.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import { resourceType } from "./resource-types.ts";
import { type RevisionConfigMap, withFilesRead } from "./revision-config-map.ts";

/** One watch, before it is begun. */
export interface Watched<T extends KubeObject> {
  /** Names it in metrics. */
  readonly name: string;
  readonly type: ResourceType;
  readonly selection: Selection;
  readonly indexes: Indexes<T>;
  /** What is kept of an object; absent: all that is not bookkeeping. */
  readonly transform?: (object: T) => T;
  readonly onChange: OnChange<T>;
}

/** Who hears of changes, each time with the stores of the namespace in which it happened. */
export interface WatchListeners {
  pipeline(before: LivePipeline | null, after: LivePipeline | null): void;
  connection(connection: KubeObject, stores: PipelineStores): void;
  reference(kind: "Secret" | "ConfigMap", object: KubeObject, stores: PipelineStores): void;
  /** A child was made, changed or deleted. */
  child(before: KubeObject | null, after: KubeObject | null): void;
  pod(before: LivePod | null, after: LivePod | null): void;
}

/** The watches of one scope. Disposing of it ends them. */
export interface PipelineWatches extends AsyncDisposable {
  readonly stores: PipelineStores;
  /** Resolves once all that was there at the start is in. */
  readonly synced: Promise<void>;
  /** By what they watch. */
  readonly reflectors: Readonly<Record<string, Pick<Reflector<KubeObject>, "lastContactMs">>>;
}

/** Helm keeps every release in a Secret, which nobody refers to. */
const notHelms = "type!=helm.sh/release.v1";

/** Begins a watch. */
type Open = <T extends KubeObject>(watched: Watched<T>) => Reflector<T>;

/**
 * Begins to watch all that pipelines are made of and depend on, in one namespace, or everywhere with null. Secrets and ConfigMaps of
 * others are watched by their metadata only.
 */
export function watchPipelines(namespace: string | null, open: Open, listeners: WatchListeners): PipelineWatches {
  const scope: Selection = namespace === null ? {} : { namespace };
  const reflectors = {
    ...watchDependencies(scope, open, { listeners, stores: () => stores }),
    ...watchChildren({ ...scope, labelSelector: `${label.managedBy}=${managedBy}` }, open, listeners),
    pipelines: open<LivePipeline>({
      name: "pipelines",
      type: resourceType.pipeline,
      selection: scope,
      indexes: pipelineIndexes,
      onChange: listeners.pipeline,
    }),
  };
  const stores = Object.fromEntries(
    Object.entries(reflectors).map(([name, { store }]) => [name, store]),
  ) as unknown as PipelineStores;
  const all: readonly Omit<Reflector<KubeObject>, "store">[] = Object.values(reflectors);
  const synced = async (): Promise<void> => {
    await Promise.all(all.map((reflector) => reflector.synced));
  };
  return {
    stores,
    synced: synced(),
    reflectors,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((reflector) => reflector[Symbol.asyncDispose]()));
    },
  };
}

/** Connections, and what they and Pipelines name. */
function watchDependencies(
  scope: Selection,
  open: Open,
  { listeners, stores }: { readonly listeners: WatchListeners; readonly stores: () => PipelineStores },
) {
  const references = (watched: Pick<Watched<KubeObject>, "name" | "type">, kind: "Secret" | "ConfigMap", selection: Selection) =>
    open<KubeObject>({
      ...watched,
      selection: { ...scope, ...selection, metadataOnly: true },
      indexes: {},
      transform: nameAndVersion,
      onChange: (before, after) => listeners.reference(kind, (after ?? before)!, stores()),
    });
  const notOurs = { labelSelector: `${label.managedBy}!=${managedBy}` };
  return {
    connections: open<LiveConnection>({
      name: "connections",
      type: resourceType.connection,
      selection: scope,
      indexes: connectionIndexes,
      onChange: (before, after) => listeners.connection((after ?? before)!, stores()),
    }),
    secrets: references({ name: "secrets", type: resourceType.secret }, "Secret", { fieldSelector: notHelms }),
    configMaps: references({ name: "configmaps", type: resourceType.configMap }, "ConfigMap", notOurs),
  };
}

/** What the operator made, and what Kubernetes made of it. */
function watchChildren(selection: Selection, open: Open, { child, pod }: WatchListeners) {
  const children = <T extends KubeObject>(name: string, type: ResourceType, transform: (object: T) => T = lean): Reflector<T> =>
    open<T>({ name, type, selection, indexes: childIndexes, transform, onChange: child });
  return {
    revisions: children<RevisionConfigMap>("revisions", resourceType.configMap, (configMap) => withFilesRead(lean(configMap))),
    deployments: children<LiveDeployment>("deployments", resourceType.deployment),
    serviceAccounts: children("serviceaccounts", resourceType.serviceAccount),
    podDisruptionBudgets: children("poddisruptionbudgets", resourceType.podDisruptionBudget),
    networkPolicies: children("networkpolicies", resourceType.networkPolicy),
    pods: open<LivePod>({
      name: "pods",
      type: resourceType.pod,
      selection,
      indexes: childIndexes,
      transform: podInBrief,
      onChange: pod,
    }),
  };
}

/** What a revision's identity is made from, and nothing else: there may be many thousands. */
function nameAndVersion({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}
