import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Clock } from "../control/clock.ts";
import type { EventRecorder } from "../control/event-recorder.ts";
import type { OwnWrites } from "../control/own-writes.ts";
import type { Reconcile, ReconcileResult } from "../control/reconcile.ts";
import type { Api } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import { act, type Done } from "./act.ts";
import { decide } from "./decide.ts";
import { revisionOfIdentity } from "./decide/wanted.ts";
import { observe, type ObservedInStores, type Senses } from "./observe.ts";
import type { Observed, Obstacle } from "./observed.ts";
import type { OperatorSettings, Plan } from "./plan.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import type { Sleepers } from "../probe/sleepers.ts";
import type { PipelineTallies } from "./pipeline-tallies.ts";
import { type Remembered, rememberedFrom } from "./remembered.ts";
import { type CheckSpec, specProblems } from "./spec-problems.ts";

/** How soon to look whether what a former Pipeline of the same name left is gone, in milliseconds. */
const leftoverRetryMs = 1_000;

/** What Pipelines are reconciled with. */
export interface PipelineReconcileOptions {
  /** Writes; only while this process leads. */
  readonly api: Api;
  /** null: the namespace is not in the scope of this operator. */
  readonly storesOf: (namespace: string) => PipelineStores | null;
  readonly senses: Pick<Senses, "told" | "departed" | "probed">;
  /** Whose sources are looked at. */
  readonly sleepers: Pick<Sleepers, "keep" | "forget">;
  readonly settings: OperatorSettings;
  readonly check: CheckSpec;
  readonly events: EventRecorder;
  readonly ownWrites: OwnWrites;
  readonly memory: PipelineMemory;
  /** Counts, for the metrics. */
  readonly tallies: Pick<PipelineTallies, "scaled" | "forget">;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** What is remembered of Pipelines between two looks. What it has lost costs at most a write. */
export interface PipelineMemory {
  /**
   * When each one's status was last written, in milliseconds since the epoch. What this process has not written counts as written when
   * it was first seen: else an operator that begins would write at once all that has moved a little.
   */
  readonly statusMs: Map<string, number>;
  /** What was in the way of each one. */
  readonly obstacles: Map<string, Obstacle>;
  /** What each one's last look has left for the next, and of which one of that name. */
  readonly remembered: Map<string, { readonly uid: string | undefined; readonly of: Remembered }>;
}

/** Brings a Pipeline to what its spec says: observes, decides, acts. */
export function reconcilePipeline(options: PipelineReconcileOptions): Reconcile {
  const { memory, clock, senses, storesOf } = options;
  return async (key, signal) => {
    const text = keyText(key);
    const stores = storesOf(key.namespace);
    const found = stores === null ? null : observe(key, { ...senses, stores, nowMs: clock.now() });
    if (stores === null || found === null) {
      forget(options, key);
      return { requeueAfterMs: null };
    }
    const observed = await completed(found, memory, { check: options.check, signal });
    const plan = decide(observed, options.settings);
    const { api, ownWrites, events } = options;
    const statusMs = memory.statusMs.get(text) ?? observed.nowMs;
    memory.statusMs.set(text, statusMs);
    try {
      const done = await act(observed, plan, { api, stores, ownWrites, events, statusMs, signal });
      if (done.told) memory.statusMs.set(text, observed.nowMs);
      if (done.told) tellHappenings(options, key, plan);
      keepForNext(options, key, { observed, plan });
      return remembered(memory, text, { observed, plan, done });
    } catch (error) {
      // It was deleted under our hands: there is nothing left to do, and the watch will say so.
      if (isApiError(error, "NotFound")) return { requeueAfterMs: leftoverRetryMs };
      throw error;
    }
  };
}

/** The spec is looked into only where there is no revision of it: that may take seconds of a compiler's time. */
async function completed(
  found: ObservedInStores,
  memory: PipelineMemory,
  { check, signal }: { readonly check: CheckSpec; readonly signal: AbortSignal },
): Promise<Observed> {
  const deleting = found.pipeline.metadata.deletionTimestamp !== undefined;
  const known = deleting || revisionOfIdentity(found) !== null;
  const { uid, name, namespace = "" } = found.pipeline.metadata;
  const text = keyText({ namespace, name });
  const last = memory.remembered.get(text);
  return {
    ...found,
    obstacle: memory.obstacles.get(text) ?? null,
    remembered: last !== undefined && last.uid === uid ? last.of : rememberedFrom(found.pipeline.status),
    specProblems: known ? null : await specProblems(found.pipeline, check, signal),
  };
}

/** The Pipeline is gone. */
function forget({ memory, sleepers, tallies }: PipelineReconcileOptions, key: ObjectKey): void {
  for (const map of Object.values(memory)) map.delete(keyText(key));
  sleepers.forget(key);
  tallies.forget(key);
}

/** Only what came of a plan that was carried out: one that was not is made again from what it was made from. */
function keepForNext(
  { memory, sleepers }: PipelineReconcileOptions,
  key: ObjectKey,
  { observed, plan }: { readonly observed: Observed; readonly plan: Plan },
): void {
  memory.remembered.set(keyText(key), { uid: observed.pipeline.metadata.uid, of: plan.remembered });
  if (plan.sleeper === null) sleepers.forget(key);
  else sleepers.keep(plan.sleeper);
}

/** Keeps what the next look needs to know, and says when that is to be. */
function remembered(
  { obstacles }: PipelineMemory,
  text: string,
  { observed, plan, done }: { readonly observed: Observed; readonly plan: Plan; readonly done: Done },
): ReconcileResult {
  if (done.leftover) return { requeueAfterMs: leftoverRetryMs };
  if (done.obstacle === null) obstacles.delete(text);
  else obstacles.set(text, done.obstacle);
  if (!isDeepStrictEqual(done.obstacle, observed.obstacle)) return { requeueAfterMs: 0 };
  const waits = [plan.requeueAfterMs, done.statusWaitMs].filter((ms) => ms !== null);
  const requeueAfterMs = waits.length === 0 ? null : Math.min(...waits);
  return { requeueAfterMs, settled: done.writes === 0 && done.statusWaitMs === null };
}

function tellHappenings({ log, tallies }: PipelineReconcileOptions, key: ObjectKey, { happenings }: Plan): void {
  for (const { reason } of happenings)
    if (reason === "ScaledUp" || reason === "ScaledDown") tallies.scaled(key, reason === "ScaledUp" ? "up" : "down");
  for (const { type, reason, note } of happenings)
    log[type === "Normal" ? "info" : "warn"]({ pipeline: keyText(key), reason, note }, "pipeline");
}
