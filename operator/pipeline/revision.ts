import type { Problem } from "../../crds/check.ts";
import { connectionsOf } from "../../crds/validate-connections.ts";
import { digestOf } from "../kube/canonical-json.ts";
import { annotation } from "./names.ts";
import type { LiveConnection, LivePipeline, Reference, Revision, RevisionContent } from "./observed.ts";
import type { OperatorSettings } from "./plan.ts";
import { referenceProblems } from "./reference-problems.ts";
import { referencesOf } from "./references-of.ts";
import { podTemplate } from "./resources/pod-template.ts";
import { sizeProblems } from "./revision-config-map.ts";

/** What a revision is made from. */
export interface RevisionInputs {
  readonly pipeline: LivePipeline;
  /** Those the pipeline names, by name; null where there is none. */
  readonly connections: ReadonlyMap<string, LiveConnection | null>;
  /** Those that pipeline and Connections name, looked up. */
  readonly references: readonly Reference[];
}

/** A revision, or why there can be none. */
export interface RevisionResult {
  /** null where there is a problem. */
  readonly revision: Revision | null;
  /** `path` is a field of the Pipeline, or begins with `Connection <name>: `. */
  readonly problems: readonly Problem[];
}

/** Fields of the spec that say how many pods run, or how they come about, but nothing that a pod reads. */
const outsideOfPods: readonly string[] = ["replicas", "scaling", "suspend", "rollout"];
const hashDigits = 10;
const identityDigits = 24;

/**
 * Which generations and versions a revision was found to be equal to. While it stays the same nothing is compared, rendered or
 * rolled. This is how an operator upgrade leaves pipelines alone: a CRD with new defaults changes what a spec reads as, but not
 * its generation. Text without spaces, of bounded length; it begins with the Pipeline's generation.
 */
export function identityOf({ pipeline, connections, references }: RevisionInputs): string {
  const { uid, generation = 0 } = pipeline.metadata;
  const versions = {
    uid,
    generation,
    roll: rollOf(pipeline),
    connections: namedConnections(pipeline, connections).map(({ metadata }) => [
      metadata.name,
      metadata.uid,
      metadata.generation,
    ]),
    references: references.map(({ kind, name, version }) => [kind, name, version]).toSorted(byText),
  };
  return `${generation}-${digestOf(versions, identityDigits)}`;
}

/** What the pods of this Pipeline would read now: see `RevisionContent`. */
export function contentOf({ pipeline, connections, references }: RevisionInputs): RevisionContent {
  return {
    spec: readByPods(pipeline.spec),
    generation: pipeline.metadata.generation ?? 0,
    connections: namedConnections(pipeline, connections).map(({ metadata, spec }) => ({ name: metadata.name, spec })),
    references: references.map(({ kind, name, keys, version }) => ({ kind, name, keys, version })).toSorted(byText),
    roll: rollOf(pipeline),
  };
}

/** `quality.rows` is over all pods: no pod can judge it. */
function readByPods({ quality, ...spec }: LivePipeline["spec"]): RevisionContent["spec"] {
  const fields = Object.entries(spec).filter(([name]) => !outsideOfPods.includes(name));
  return {
    ...Object.fromEntries(fields),
    ...(quality?.rejected === undefined ? {} : { quality: { rejected: quality.rejected } }),
  };
}

/** Digest of a content, 10 hex digits. The generation is no part of it: a scaled pipeline is the same revision. */
export function hashOf({ spec, connections, references, roll }: RevisionContent): string {
  return digestOf({ spec, connections, references, roll }, hashDigits);
}

/** The revision of a Pipeline as it is now, with pods as this operator would make them. Missing references are the caller's to see. */
export function revisionOf(inputs: RevisionInputs, settings: OperatorSettings): RevisionResult {
  const content = contentOf(inputs);
  const hash = hashOf(content);
  const { name, namespace = "" } = inputs.pipeline.metadata;
  const { template, problems } = podTemplate({ pipeline: name, revision: hash, content, settings });
  const revision: Revision = { hash, identity: identityOf(inputs), content, template };
  const all = [
    ...referenceProblems(referencesOf(content.spec, content.connections)),
    ...problems,
    ...sizeProblems(revision, { namespace, name }),
  ];
  return { revision: all.length === 0 ? revision : null, problems: all };
}

const rollOf = ({ metadata }: LivePipeline): string => metadata.annotations?.[annotation.roll] ?? "";

/** Those that are there, in the order of their names. */
function namedConnections(
  pipeline: LivePipeline,
  connections: ReadonlyMap<string, LiveConnection | null>,
): readonly LiveConnection[] {
  return connectionsOf(pipeline)
    .toSorted()
    .flatMap((name) => connections.get(name) ?? []);
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
