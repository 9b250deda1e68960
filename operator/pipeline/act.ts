import { isDeepStrictEqual } from "node:util";
import type { EventRecorder } from "../control/event-recorder.ts";
import type { ObjectStore } from "../control/object-store.ts";
import type { OwnWrites } from "../control/own-writes.ts";
import type { Api } from "../kube/api.ts";
import { applyOwned } from "../kube/apply-owned.ts";
import { isApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { NotOurs } from "../kube/not-ours.ts";
import type { ResourceType } from "../kube/resource-type.ts";
import { keyOf } from "./dependents.ts";
import { annotation, fieldManager, finalizer } from "./names.ts";
import type { LivePipeline, Observed, Obstacle } from "./observed.ts";
import type { Action, Plan } from "./plan.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import { resourceType } from "./resource-types.ts";
import { mergePatch } from "./status/merge-patch.ts";
import { urgencyOf, waitMs } from "./status/urgency.ts";

/** How much of an API server's refusal is shown, in characters: it may list every field. */
const refusalCharactersMax = 1_000;

/** What a plan is carried out with. */
export interface Hands {
  readonly api: Api;
  readonly stores: PipelineStores;
  readonly ownWrites: OwnWrites;
  readonly events: EventRecorder;
  /** When the status of this Pipeline was last written, in milliseconds since the epoch. */
  readonly statusMs: number;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Done {
  /** Writes that changed something. */
  readonly writes: number;
  /** What was in the way, if anything; what came after it in the plan was left. */
  readonly obstacle: Obstacle | null;
  /** True where that is what a Pipeline of the same name has left, which the garbage collector is about to take away. */
  readonly leftover: boolean;
  /** True where the status was written. */
  readonly told: boolean;
  /** When a status that may wait is to be written, in milliseconds from now; null: none waits. */
  readonly statusWaitMs: number | null;
}

/**
 * Carries out a plan, one write after the other. What is as it should be costs no request. Whatever ends it in between, the next plan
 * begins with what is there by then.
 */
export async function act(observed: Observed, plan: Plan, hands: Hands): Promise<Done> {
  let done: Done = { writes: 0, obstacle: null, leftover: false, told: false, statusWaitMs: null };
  for (const action of plan.actions) {
    hands.signal.throwIfAborted();
    if (done.leftover) break;
    // Only a status that already tells of the obstacle may follow it.
    const isTold = isDeepStrictEqual(done.obstacle, observed.obstacle);
    if (done.obstacle !== null && (action.kind !== "status" || !isTold)) continue;
    done = await carryOut(action, { observed, plan, hands, done });
  }
  return done;
}

interface Context {
  readonly observed: Observed;
  readonly plan: Plan;
  readonly hands: Hands;
  readonly done: Done;
}

async function carryOut(action: Action, context: Context): Promise<Done> {
  switch (action.kind) {
    case "finalizer":
      return hold(action.present, context);
    case "apply":
      return applyChild(action.object, context);
    case "status":
      return writeStatus(context);
    case "delete":
      return deleteChild(action.object, context);
    default:
      return action satisfies never;
  }
}

/** Guarded by the version: others keep finalizers of theirs in the same list. */
async function hold(present: boolean, { observed, hands, done }: Context): Promise<Done> {
  const { api, stores, ownWrites, signal } = hands;
  const { metadata } = observed.pipeline;
  const others = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
  const { uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, resourceVersion, finalizers: present ? [...others, finalizer] : others } };
  const after = await api.patch(resourceType.pipeline, keyOf(metadata), patch, { fieldManager, signal });
  // Without the last finalizer it is gone at once: the answer is its last state, which no watch will show.
  if (present) ownWrites.wrote(keyOf(metadata), after, stores.pipelines);
  else ownWrites.deleted(keyOf(metadata), observed.pipeline, stores.pipelines);
  return { ...done, writes: done.writes + 1 };
}

async function applyChild(object: KubeObject, { observed, hands, done }: Context): Promise<Done> {
  const { api, stores, ownWrites, signal } = hands;
  const { type, store } = placeOf(object, stores);
  const owner = keyOf(observed.pipeline.metadata);
  try {
    const { outcome, object: after } = await applyOwned({
      api,
      type,
      desired: object,
      live: store.get(keyOf(object.metadata)),
      ownerUid: observed.pipeline.metadata.uid ?? "",
      fieldManager,
      digestAnnotation: annotation.applied,
      signal,
    });
    if (outcome === "unchanged") return done;
    ownWrites.wrote(owner, after, store);
    return { ...done, writes: done.writes + 1 };
  } catch (error) {
    const name = `${object.kind} ${object.metadata.name}`;
    if (isApiError(error, "Invalid", "Forbidden", "BadRequest"))
      return { ...done, obstacle: { kind: "refused", object: name, why: error.message.slice(0, refusalCharactersMax) } };
    if (!(error instanceof NotOurs)) throw error;
    const leftover = error.owner?.kind === observed.pipeline.kind && error.owner.name === owner.name;
    return leftover ? { ...done, leftover } : { ...done, obstacle: { kind: "foreign", object: name } };
  }
}

async function writeStatus({ observed, plan, hands, done }: Context): Promise<Done> {
  const { pipeline, pods, nowMs } = observed;
  const urgency = urgencyOf(pipeline.status ?? {}, plan.status);
  if (urgency === "none") return done;
  const statusWaitMs = waitMs(urgency, { writtenMs: hands.statusMs, pods, nowMs });
  if (statusWaitMs > 0) return { ...done, statusWaitMs };
  const { api, stores, ownWrites, events, signal } = hands;
  const key = keyOf(pipeline.metadata);
  const status = mergePatch(pipeline.status ?? {}, plan.status);
  const patch = { metadata: { uid: pipeline.metadata.uid }, status };
  const after = await api.patch<LivePipeline>(resourceType.pipeline, key, patch, { fieldManager, subresource: "status", signal });
  ownWrites.wrote(key, after, stores.pipelines);
  for (const happening of plan.happenings) events.record(pipeline, happening);
  return { ...done, told: true, writes: done.writes + 1 };
}

async function deleteChild(object: KubeObject, { observed, hands, done }: Context): Promise<Done> {
  const { api, stores, ownWrites, signal } = hands;
  const { type, store } = placeOf(object, stores);
  const { uid } = object.metadata;
  try {
    const options = { ...(uid === undefined ? {} : { uid }), propagationPolicy: "Background", signal } as const;
    if (!(await api.delete(type, keyOf(object.metadata), options))) return done;
  } catch (error) {
    // Another of the same name, made since: the next look sees it.
    if (isApiError(error, "Conflict")) return done;
    throw error;
  }
  ownWrites.deleted(keyOf(observed.pipeline.metadata), object, store);
  return { ...done, writes: done.writes + 1 };
}

function placeOf(
  { kind }: KubeObject,
  stores: PipelineStores,
): { readonly type: ResourceType; readonly store: ObjectStore<KubeObject> } {
  switch (kind) {
    case "Deployment":
      return { type: resourceType.deployment, store: stores.deployments };
    case "ConfigMap":
      return { type: resourceType.configMap, store: stores.revisions };
    case "ServiceAccount":
      return { type: resourceType.serviceAccount, store: stores.serviceAccounts };
    case "PodDisruptionBudget":
      return { type: resourceType.podDisruptionBudget, store: stores.podDisruptionBudgets };
    case "NetworkPolicy":
      return { type: resourceType.networkPolicy, store: stores.networkPolicies };
    default:
      throw new Error(`${kind}: no pipeline has such a child`);
  }
}
