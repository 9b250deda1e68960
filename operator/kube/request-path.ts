import type { Selection } from "./api.ts";
import type { ObjectKey } from "./object-key.ts";
import type { ResourceType } from "./resource-type.ts";

/** Values of a query; those undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of all objects of the type, in a namespace or, if it is empty, in all. */
export function collectionPath({ group, version, plural, namespaced }: ResourceType, namespace: string): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespaced && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${within}/${plural}`;
}

/** Path of one object, or of a subresource of it. */
export function objectPath(type: ResourceType, { namespace, name }: ObjectKey, subresource?: string): string {
  if (type.namespaced && namespace === "") throw new Error(`${type.kind} ${name}: it lies in a namespace, none is given`);
  // An empty name would name all objects.
  if (name === "") throw new Error(`${type.kind}: an object without a name was asked for`);
  return `${collectionPath(type, namespace)}/${encodeURIComponent(name)}${subresource === undefined ? "" : `/${subresource}`}`;
}

/** `?a=b&c=d`, or nothing. */
export function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** What of a selection goes into the query. */
export const selectors = ({ labelSelector, fieldSelector }: Selection): Query => ({ labelSelector, fieldSelector });

/** The Accept header for objects, for their lists, and for either with metadata only. */
export function acceptOf(selection: Selection, shape: "object" | "list"): string {
  if (selection.metadataOnly !== true) return "application/json";
  return `application/json;as=PartialObjectMetadata${shape === "list" ? "List" : ""};g=meta.k8s.io;v=v1`;
}
