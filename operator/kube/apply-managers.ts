import type { Api } from "./api.ts";
import type { KubeObject, ManagedFields } from "./kube-object.ts";
import type { ResourceType } from "./resource-type.ts";

/** Fields as FieldsV1 names them: `{"f:spec":{"f:replicas":{}}}`. */
interface FieldSet {
  readonly [name: string]: FieldSet;
}
interface Entry extends ManagedFields {
  readonly fieldsV1?: FieldSet;
}

/** True where `manager` has fields by another way than apply: it made the object with a POST, and would keep for ever what it set there. */
export function hasUpdateEntry({ metadata }: KubeObject, manager: string): boolean {
  return metadata.managedFields?.some((entry) => isUpdate(entry, manager)) === true;
}

/**
 * Makes over to its applied fields what `manager` set by POST, PUT or PATCH, so that the next apply removes what is no longer
 * wanted; as client-go's csaupgrade. `live` is whole, as read from the API server. Throws ApiError `Conflict` where it has
 * changed since.
 */
export async function moveToApply(
  api: Pick<Api, "patch">,
  type: ResourceType,
  live: KubeObject,
  { manager, signal }: { readonly manager: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { name, namespace = "", resourceVersion, uid } = live.metadata;
  const patch = [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "replace", path: "/metadata/managedFields", value: movedToApply(live.metadata.managedFields ?? [], manager) },
    { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
  ];
  await api.patch(type, { namespace, name }, patch, { fieldManager: manager, ...(signal && { signal }) });
}

/** The entries with those that `manager` updated merged into the one that it applied. Those of subresources stay. */
export function movedToApply(entries: readonly Entry[], manager: string): readonly Entry[] {
  const updated = entries.filter((entry) => isUpdate(entry, manager));
  const applied = entries.find((entry) => isApply(entry, manager)) ?? updated[0];
  if (applied === undefined) return entries;
  const others = entries.filter((entry) => !isUpdate(entry, manager) && !isApply(entry, manager));
  const fieldsV1 = updated.reduce((all, entry) => union(all, entry.fieldsV1 ?? {}), applied.fieldsV1 ?? {});
  return [...others, { ...applied, operation: "Apply", fieldsV1 }];
}

function union(a: FieldSet, b: FieldSet): FieldSet {
  const merged: Record<string, FieldSet> = { ...a };
  for (const [name, fields] of Object.entries(b))
    merged[name] = merged[name] === undefined ? fields : union(merged[name], fields);
  return merged;
}

const isUpdate = ({ manager, operation, subresource }: ManagedFields, wanted: string): boolean =>
  manager === wanted && operation === "Update" && !subresource;
const isApply = ({ manager, operation, subresource }: ManagedFields, wanted: string): boolean =>
  manager === wanted && operation === "Apply" && !subresource;
