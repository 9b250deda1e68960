import { connectionKind } from "../../crds/kinds/connection.ts";
import { pipelineKind } from "../../crds/kinds/pipeline.ts";
import type { Kind } from "../../crds/kinds/kind.ts";
import { referencesIn } from "../../crds/references-in.ts";
import { connectionsOf } from "../../crds/validate-connections.ts";
import type { Indexes } from "../control/store.ts";
import type { KubeObject, ObjectMeta } from "../kube/kube-object.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import { label } from "./names.ts";
import type { LiveConnection, LivePipeline } from "./observed.ts";
import { index, type PipelineStores } from "./pipeline-stores.ts";

/** The key of an object in a namespace. */
export const keyOf = ({ name, namespace = "" }: ObjectMeta): ObjectKey => ({ namespace, name });

/** The Pipeline that a child or a pod says it belongs to; null where it does not say. */
export function pipelineOfChild({ metadata }: KubeObject): ObjectKey | null {
  const name = metadata.labels?.[label.pipeline];
  return name === undefined ? null : { namespace: metadata.namespace ?? "", name };
}

/** Finds children by their Pipeline. */
export const childIndexes: Indexes<KubeObject> = {
  [index.pipeline]: (child) => {
    const key = pipelineOfChild(child);
    return key === null ? [] : [keyText(key)];
  },
};

/** Finds Pipelines by the Connections, Secrets and ConfigMaps that they name. */
export const pipelineIndexes: Indexes<LivePipeline> = {
  [index.connection]: (pipeline) => connectionsOf(pipeline).map((name) => keyText({ ...keyOf(pipeline.metadata), name })),
  [index.reference]: (pipeline) => referenceTexts(pipelineKind, pipeline),
};

/** Finds Connections by the Secrets and ConfigMaps that they name. */
export const connectionIndexes: Indexes<LiveConnection> = {
  [index.reference]: (connection) => referenceTexts(connectionKind, connection),
};

const referenceTexts = (kind: Kind, { metadata, spec }: LivePipeline | LiveConnection): readonly string[] => [
  ...new Set(referencesIn(kind, spec).map((named) => referenceText(named.kind, { ...keyOf(metadata), name: named.name }))),
];
const referenceText = (kind: string, key: ObjectKey): string => `${kind}/${keyText(key)}`;

/** The Pipelines that name this Connection. */
export function usersOfConnection(
  { pipelines }: Pick<PipelineStores, "pipelines">,
  connection: KubeObject,
): readonly ObjectKey[] {
  return pipelines.by(index.connection, keyText(keyOf(connection.metadata))).map(({ metadata }) => keyOf(metadata));
}

/** The Pipelines that name this Secret or ConfigMap, themselves or by a Connection; and those Connections. */
export function usersOfReference(
  { pipelines, connections }: Pick<PipelineStores, "pipelines" | "connections">,
  kind: "Secret" | "ConfigMap",
  { metadata }: KubeObject,
): { readonly pipelines: readonly ObjectKey[]; readonly connections: readonly ObjectKey[] } {
  const text = referenceText(kind, keyOf(metadata));
  const through = connections.by(index.reference, text);
  const direct = pipelines.by(index.reference, text).map(({ metadata }) => keyOf(metadata));
  return {
    pipelines: [...direct, ...through.flatMap((connection) => usersOfConnection({ pipelines }, connection))],
    connections: through.map(({ metadata }) => keyOf(metadata)),
  };
}
