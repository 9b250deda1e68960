import { integer, list, map, object, optional, type Static, string, type StructuralSchema } from "../schema.ts";

/** API group of every kind. */
export const group = "snowline.dev";
/** The one version there is. */
export const version = "v1alpha1";
/** `apiVersion` of every resource. */
export const apiVersion = `${group}/${version}`;

/** All that a kind's custom resource definition, offline validation and reference come from. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly spec: StructuralSchema;
  readonly status: StructuralSchema;
  /** What `kubectl get` shows besides name and age. */
  readonly columns: readonly PrinterColumn[];
  readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath: string };
}

/** A column that `kubectl get` shows. */
export interface PrinterColumn {
  readonly name: string;
  /** A fraction in an `integer` column is shown without its digits. */
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** Columns for the condition Ready. */
export const ready: readonly PrinterColumn[] = [
  { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: "Whether it works." },
  { name: "Reason", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: "Why.", priority: 1 },
];

// Pods, labels and the consumer group carry the name, and a label ends at 63 characters.
const name = string("Name, unique in the namespace.", {
  maxLength: 63,
  matches: {
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    message: "must be small letters, digits and dashes, with a letter or digit at both ends",
  },
});

/** What a definition may say about `metadata`; the rest is the API server's own. */
export const metadataInDefinition: StructuralSchema = { type: "object", properties: { name: name.json } };

/** The fields of `metadata` that a manifest may have, be it one that was read back from the API server. */
export const metadata = object("Standard object metadata.", {
  name,
  generateName: optional(string("Beginning of a name that the API server completes.")),
  namespace: optional(string("Namespace.")),
  labels: optional(map("Labels.", string("Value."))),
  annotations: optional(map("Annotations.", string("Value."))),
  finalizers: optional(list("Finalizers.", string("Name."))),
  resourceVersion: optional(string("Version that an update expects.")),
  uid: optional(string("Set by the API server.")),
  generation: optional(integer("Set by the API server.")),
  creationTimestamp: optional(string("Set by the API server.")),
});
export type Metadata = Static<typeof metadata>;

/** A resource that passed the schema, its defaults filled in. */
export interface Resource<K extends string, Spec> {
  readonly apiVersion: typeof apiVersion;
  readonly kind: K;
  readonly metadata: Metadata;
  readonly spec: Spec;
}

/** The schema of a whole resource of this kind. */
export function resourceSchema({ description, spec, status }: Kind, metadata: StructuralSchema): StructuralSchema {
  return object(description, {
    apiVersion: optional(string(`\`${apiVersion}\`.`)),
    kind: optional(string("Kind of the resource.")),
    metadata: optional({ json: metadata }),
    spec: { json: spec },
    status: optional({ json: status }),
  }).json;
}
