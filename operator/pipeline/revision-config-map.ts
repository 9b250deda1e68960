import type { Problem } from "../../crds/check.ts";
import { isObject } from "../../crds/explain.ts";
import { apiVersion } from "../../crds/kinds/kind.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { canonicalJson } from "../kube/canonical-json.ts";
import { driftOf } from "../kube/drift-of.ts";
import { annotation, label, revisionName } from "./names.ts";
import type { PodTemplate, Reference, Revision, RevisionContent } from "./observed.ts";
import { revisionLabels } from "./resources/child-labels.ts";
import { type Owner, ownerReference } from "./resources/owner-reference.ts";
import { pipelineFile } from "./resources/pod-volumes.ts";

/** Key of what the pods do not read. */
const revisionFile = "revision.json";
/** Most bytes that the API server takes in a ConfigMap: 1 MiB. */
const configMapBytesMax = 2 ** 20;

/** A ConfigMap, as far as revisions are kept in it. */
export interface RevisionConfigMap extends KubeObject {
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  /** In the place of `data` in memory: see `withFilesRead`. */
  readonly files?: Readonly<Record<string, object>>;
}

/**
 * A ConfigMap with its texts read, as it is kept in memory: what several objects have in common is shared then, and is not parsed at
 * each look. Text that would not come out again to the byte stays.
 */
export function withFilesRead({ data = {}, ...configMap }: RevisionConfigMap): RevisionConfigMap {
  const files = new Map<string, object>();
  for (const [name, text] of Object.entries(data)) {
    const file = parsed(text);
    if (file !== null && canonicalJson(file) === text) files.set(name, file);
  }
  const texts = Object.entries(data).filter(([name]) => !files.has(name));
  return { ...configMap, data: Object.fromEntries(texts), files: Object.fromEntries(files) };
}

/** `data` as it is in the cluster. */
function dataOf({ data = {}, files = {} }: RevisionConfigMap): Readonly<Record<string, string>> {
  const texts = Object.entries(files).map(([name, file]) => [name, canonicalJson(file)] as const);
  return { ...data, ...Object.fromEntries(texts) };
}

/** Whether a ConfigMap that is there says all of the revision that it should: its data never changes. */
export function keepsRevision(pipeline: Owner, revision: Revision, live: RevisionConfigMap): boolean {
  return driftOf({ metadata: metadataOf(pipeline, revision), immutable: true }, live) === null;
}

/**
 * The ConfigMap that keeps a revision: `pipeline.json` is what the pods read (PodFile of runtime/pod/pod-file.ts), `revision.json`
 * what else makes the revision, among it the pod template. Only its identity annotation ever changes: of a revision that is there
 * `live` is to be given, whose data stays to the byte, with what an operator of another version wrote.
 */
export function revisionConfigMap(pipeline: Owner, revision: Revision, live: RevisionConfigMap | null = null) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(pipeline, revision),
    immutable: true,
    data: live === null ? contents(revision, pipeline) : dataOf(live),
  } satisfies RevisionConfigMap;
}

function metadataOf(pipeline: Owner, revision: Revision) {
  return {
    name: revisionName(pipeline.name, revision.hash),
    namespace: pipeline.namespace,
    labels: revisionLabels(pipeline.name, revision.hash),
    annotations: { [annotation.identity]: revision.identity },
    ownerReferences: [ownerReference(pipeline)],
  };
}

/**
 * Reads a revision back. Members it does not know, written by an operator of another version, are passed over; null where the
 * ConfigMap is none of ours or lacks what makes a revision.
 */
export function revisionFrom({ metadata, data = {}, files = {} }: RevisionConfigMap): Revision | null {
  const hash = metadata.labels?.[label.revision];
  const file = files[pipelineFile] ?? parsed(data[pipelineFile]);
  const rest = files[revisionFile] ?? parsed(data[revisionFile]);
  if (hash === undefined || file === null || rest === null) return null;
  const { pipeline, connections } = file as Partial<PodFile>;
  const { references, roll, template } = rest as Partial<RevisionFile>;
  if (!isObject(pipeline?.spec) || !Array.isArray(connections) || !Array.isArray(references) || !isTemplate(template))
    return null;
  return {
    hash,
    identity: metadata.annotations?.[annotation.identity] ?? "",
    content: {
      spec: pipeline.spec,
      generation: pipeline.metadata.generation,
      connections: connections.map(({ metadata, spec }) => ({ name: metadata.name, spec })),
      references,
      roll: roll ?? "",
    },
    template,
  };
}

/** A revision that no ConfigMap can hold. */
export function sizeProblems(
  revision: Revision,
  pipeline: { readonly namespace: string; readonly name: string },
): readonly Problem[] {
  const texts = Object.entries(contents(revision, pipeline)).flat();
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= configMapBytesMax) return [];
  const message = `the compiled pipeline has ${bytes} bytes, a ConfigMap holds ${configMapBytesMax}: make the SQL, the columns or spec.pod smaller`;
  return [{ path: "spec", message }];
}

/** As runtime/pod/pod-file.ts reads it. */
interface PodFile {
  readonly pipeline: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string; readonly generation: number };
    readonly spec: RevisionContent["spec"];
  };
  readonly connections: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: unknown;
  }[];
}
interface RevisionFile {
  readonly references: readonly Reference[];
  readonly roll: string;
  readonly template: PodTemplate;
}

function contents({ content, template }: Revision, { namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { spec, generation, connections, references, roll } = content;
  const podFile: PodFile = {
    pipeline: { apiVersion, kind: "Pipeline", metadata: { name, namespace, generation }, spec },
    connections: connections.map((connection) => ({
      apiVersion,
      kind: "Connection",
      metadata: { name: connection.name, namespace },
      spec: connection.spec,
    })),
  };
  const rest: RevisionFile = { references, roll, template };
  return { [pipelineFile]: canonicalJson(podFile), [revisionFile]: canonicalJson(rest) };
}

function parsed(text: string | undefined): object | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isTemplate = (value: unknown): value is PodTemplate =>
  isObject(value) && isObject(value["metadata"]) && isObject(value["metadata"]["labels"]) && isObject(value["spec"]);
