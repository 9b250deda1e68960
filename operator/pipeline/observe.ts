import { connectionsOf } from "../../crds/validate-connections.ts";
import type { Store } from "../control/store.ts";
import { controllerOf, type KubeObject } from "../kube/kube-object.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import type { Probed } from "../probe/probed.ts";
import { childName } from "./names.ts";
import { observePod, type Told } from "./observe-pod.ts";
import type { DepartedPod, LiveConnection, Observed, Reference } from "./observed.ts";
import { index, type PipelineStores } from "./pipeline-stores.ts";
import { referencesOf } from "./references-of.ts";
import { revisionFrom } from "./revision-config-map.ts";

/** Where observations come from besides the stores. */
export interface Senses {
  readonly stores: PipelineStores;
  readonly told: (uid: string) => Told;
  readonly departed: (pipeline: ObjectKey) => readonly DepartedPod[];
  readonly probed: (pipeline: ObjectKey) => Probed;
  readonly nowMs: number;
}

/** All that the stores know of a Pipeline; null where it is not there. Whether its spec is valid is looked into only when it has to be. */
export type ObservedInStores = Omit<Observed, "specProblems" | "obstacle" | "remembered">;

/** Gathers what is known of a Pipeline. Asks nobody and writes nothing. What belongs to another of the same name is not seen. */
export function observe(key: ObjectKey, { stores, told, departed, probed, nowMs }: Senses): ObservedInStores | null {
  const pipeline = stores.pipelines.get(key);
  if (pipeline === null) return null;
  const connections = new Map<string, LiveConnection | null>(
    connectionsOf(pipeline).map((name) => [name, stores.connections.get({ ...key, name })]),
  );
  const owned = <T extends KubeObject>(store: Store<T>): readonly T[] =>
    store.by(index.pipeline, keyText(key)).filter((child) => controllerOf(child)?.uid === pipeline.metadata.uid);
  const configMaps = owned(stores.revisions);
  const revisions = configMaps
    .flatMap((configMap) => revisionFrom(configMap) ?? [])
    .toSorted((a, b) => a.content.generation - b.content.generation);
  return {
    pipeline,
    connections,
    references: lookedUp(key, pipeline.spec, { stores, connections }),
    revisions,
    deployment: owned(stores.deployments).find(({ metadata }) => metadata.name === childName(key.name)) ?? null,
    children: [
      ...owned(stores.serviceAccounts),
      ...owned(stores.podDisruptionBudgets),
      ...owned(stores.networkPolicies),
      ...configMaps,
    ],
    pods: stores.pods
      .by(index.pipeline, keyText(key))
      .map((pod) => observePod(pod, told(pod.metadata.uid ?? "")))
      .toSorted((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1)),
    departed: departed(key),
    probed: probed(key),
    nowMs,
  };
}

/** What the Pipeline and its Connections name, with the versions that are there. */
function lookedUp(
  { namespace }: ObjectKey,
  spec: unknown,
  { stores, connections }: { readonly stores: PipelineStores; readonly connections: Observed["connections"] },
): readonly Reference[] {
  const specs = [...connections].flatMap(([name, connection]) => (connection === null ? [] : [{ name, spec: connection.spec }]));
  return referencesOf(spec, specs).map(({ kind, name, keys }) => {
    const key = { namespace, name };
    const found = kind === "Secret" ? stores.secrets.get(key) : (stores.configMaps.get(key) ?? stores.revisions.get(key));
    return { kind, name, keys, version: found === null ? null : `${found.metadata.uid}/${found.metadata.resourceVersion}` };
  });
}
