import assert from "node:assert";
import type { Api } from "./api.ts";
import { ApiError, isApiError } from "./api-error.ts";
import { hasUpdateEntry, moveToApply } from "./apply-managers.ts";
import { digestOf } from "./canonical-json.ts";
import { driftOf } from "./drift-of.ts";
import { controllerOf, type KubeObject } from "./kube-object.ts";
import { keyText, type ObjectKey } from "./object-key.ts";
import { NotOurs } from "./not-ours.ts";
import type { ResourceType } from "./resource-type.ts";

/** What is to be, and what is known of what is. */
export interface OwnedApply<T extends KubeObject> {
  readonly api: Pick<Api, "get" | "create" | "apply" | "patch">;
  readonly type: ResourceType;
  /** Whole, with the owner among its owner references as the controller. */
  readonly desired: T;
  /** As a cache has it, be it old; null: not there as far as it knows. Of `managedFields` who and how is enough. */
  readonly live: T | null;
  readonly ownerUid: string;
  readonly fieldManager: string;
  /** Annotation that keeps the digest of what was wanted last. */
  readonly digestAnnotation: string;
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface Applied<T extends KubeObject> {
  /** `unchanged`: no request was made, or none that changed anything. */
  readonly outcome: "created" | "changed" | "unchanged";
  readonly object: T;
  /** The first field that another had changed, though we want what we wanted before; null: none. */
  readonly drift: string | null;
}

/** Hex digits of a digest: two of an object's successive states never share one. */
const digestDigits = 16;

/**
 * Makes an object what it should be, if it is ours or not there. Throws NotOurs where its controller is not the owner, and
 * changes nothing then. A field that is no longer wanted is removed, a field of another's is left, a field of ours that another
 * changed is brought back. An object of the same name that was made since `live` is not touched: NotOurs, or ApiError `Conflict`
 * where it is ours, and the next try with a newer cache settles it. One that is being deleted is left to go.
 */
export async function applyOwned<T extends KubeObject>(options: OwnedApply<T>): Promise<Applied<T>> {
  const { desired, ownerUid, digestAnnotation } = options;
  assert(controllerOf(desired)?.uid === ownerUid, `${desired.kind} ${desired.metadata.name}: its controller is not the owner`);
  const digest = digestOf(desired, digestDigits);
  const annotations = { ...desired.metadata.annotations, [digestAnnotation]: digest };
  const wanted: T = { ...desired, metadata: { ...desired.metadata, annotations } };
  if (options.live === null) return createOrMeet(options, wanted);
  return meet(options, wanted, options.live);
}

async function createOrMeet<T extends KubeObject>(options: OwnedApply<T>, wanted: T): Promise<Applied<T>> {
  const { api, type } = options;
  try {
    return { outcome: "created", object: await api.create(type, wanted, writeOptions(options)), drift: null };
  } catch (error) {
    if (!isApiError(error, "AlreadyExists")) throw error;
    // The cache is behind, or it does not see the object because it is not ours.
    const live = await freshOf(options);
    if (live === null) throw error;
    return meet(options, wanted, live);
  }
}

async function meet<T extends KubeObject>(options: OwnedApply<T>, wanted: T, live: T): Promise<Applied<T>> {
  const { api, type, ownerUid, digestAnnotation, fieldManager } = options;
  if (controllerOf(live)?.uid !== ownerUid) throw new NotOurs(live);
  if (live.metadata.deletionTimestamp !== undefined) return { outcome: "unchanged", object: live, drift: null };
  const wantedBefore = live.metadata.annotations?.[digestAnnotation] === wanted.metadata.annotations?.[digestAnnotation];
  const drift = driftOf(wanted, live);
  if (drift === null) return { outcome: "unchanged", object: live, drift: null };
  const { uid } = live.metadata;
  if (hasUpdateEntry(live, fieldManager))
    await moveToApply(api, { type, key: keyOf(wanted), uid, manager: fieldManager, signal: options.signal });
  const metadata = { ...wanted.metadata, ...(uid !== undefined && { uid }) };
  const object = await api.apply(type, { ...wanted, metadata }, writeOptions(options)).catch(async (error: unknown) => {
    throw await madeAnew(options, live, error);
  });
  const same = object.metadata.resourceVersion === live.metadata.resourceVersion;
  return { outcome: same ? "unchanged" : "changed", object, drift: wantedBefore && !same ? drift : null };
}

/** The error in place of `error`, which for an object that was made anew says that its uid is immutable. */
async function madeAnew<T extends KubeObject>(options: OwnedApply<T>, { kind, metadata }: T, error: unknown): Promise<unknown> {
  if (!isApiError(error, "Invalid") || !error.message.includes("metadata.uid:")) return error;
  const live = await freshOf(options);
  if (live === null || live.metadata.uid === metadata.uid) return error;
  if (controllerOf(live)?.uid !== options.ownerUid) return new NotOurs(live);
  const message = `apply ${kind} ${keyText(keyOf(live))}: it was deleted and made anew (uid ${live.metadata.uid})`;
  return new ApiError(message, { code: 409, reason: "Conflict" });
}

function freshOf<T extends KubeObject>({ api, type, desired, signal }: OwnedApply<T>): Promise<T | null> {
  return api.get<T>(type, keyOf(desired), signal && { signal });
}

const keyOf = ({ metadata }: KubeObject): ObjectKey => ({ namespace: metadata.namespace ?? "", name: metadata.name });

const writeOptions = <T extends KubeObject>({ fieldManager, signal }: OwnedApply<T>) => ({
  fieldManager,
  ...(signal && { signal }),
});
