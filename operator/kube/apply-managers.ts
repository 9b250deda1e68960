import type { Api } from "./api.ts";
import { isApiError } from "./api-error.ts";
import type { KubeObject, ManagedFields } from "./kube-object.ts";
import type { ObjectKey } from "./object-key.ts";
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

/** Controllers write the status of an object while it settles; a read and a write right after it meet no other five times in a row. */
const triesMax = 5;

/** Whose fields of which object. */
export interface Move {
  readonly type: ResourceType;
  readonly key: ObjectKey;
  readonly uid: string | undefined;
  readonly manager: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes over to its applied fields what `manager` set by POST, PUT or PATCH, so that the next apply removes what is no longer
 * wanted; as client-go's csaupgrade. Does nothing where the object is gone, another (`uid`), or has none.
 */
export async function moveToApply(api: Pick<Api, "get" | "patch">, { type, key, uid, manager, signal }: Move): Promise<void> {
  for (let tries = 1; ; tries++) {
    const live = await api.get(type, key, signal && { signal });
    if (live === null || live.metadata.uid !== uid || !hasUpdateEntry(live, manager)) return;
    const { managedFields = [], resourceVersion } = live.metadata;
    const patch = [
      { op: "test", path: "/metadata/uid", value: uid },
      { op: "replace", path: "/metadata/managedFields", value: movedToApply(managedFields, manager) },
      { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
    ];
    try {
      await api.patch(type, key, patch, { fieldManager: manager, ...(signal && { signal }) });
      return;
    } catch (error) {
      if (!isApiError(error, "Conflict") || tries === triesMax) throw error;
    }
  }
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
