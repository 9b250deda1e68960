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
import { type CheckSpec, specProblems } from "./spec-problems.ts";

/** How soon to look whether what a former Pipeline of the same name left is gone, in milliseconds. */
const leftoverRetryMs = 1_000;

/** What Pipelines are reconciled with. */
export interface PipelineReconcileOptions {
  /** Writes; only while this process leads. */
  readonly api: Api;
  /** null: the namespace is not in the scope of this operator. */
  readonly storesOf: (namespace: string) => PipelineStores | null;
  readonly senses: Pick<Senses, "told" | "departed">;
  readonly settings: OperatorSettings;
  readonly check: CheckSpec;
  readonly events: EventRecorder;
  readonly ownWrites: OwnWrites;
  readonly memory: PipelineMemory;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** What is remembered of Pipelines between two looks. What it has lost costs at most a write. */
export interface PipelineMemory {
  /** When each one's status was last written, in milliseconds since the epoch. */
  readonly statusMs: Map<string, number>;
  /** What was in the way of each one. */
  readonly obstacles: Map<string, Obstacle>;
}

/** Brings a Pipeline to what its spec says: observes, decides, acts. */
export function reconcilePipeline(options: PipelineReconcileOptions): Reconcile {
  const { memory, clock, senses, storesOf } = options;
  return async (key, signal) => {
    const text = keyText(key);
    const stores = storesOf(key.namespace);
    const found = stores === null ? null : observe(key, { ...senses, stores, nowMs: clock.now() });
    if (stores === null || found === null) {
      memory.statusMs.delete(text);
      memory.obstacles.delete(text);
      return { requeueAfterMs: null };
    }
    const observed = await completed(found, memory.obstacles.get(text) ?? null, { check: options.check, signal });
    const plan = decide(observed, options.settings);
    const { api, ownWrites, events } = options;
    const statusMs = memory.statusMs.get(text) ?? null;
    try {
      const done = await act(observed, plan, { api, stores, ownWrites, events, statusMs, signal });
      if (done.told) memory.statusMs.set(text, observed.nowMs);
      if (done.told) logHappenings(options, key, plan);
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
  obstacle: Obstacle | null,
  { check, signal }: { readonly check: CheckSpec; readonly signal: AbortSignal },
): Promise<Observed> {
  const deleting = found.pipeline.metadata.deletionTimestamp !== undefined;
  const known = deleting || revisionOfIdentity(found) !== null;
  return { ...found, obstacle, specProblems: known ? null : await specProblems(found.pipeline, check, signal) };
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

function logHappenings({ log }: PipelineReconcileOptions, key: ObjectKey, { happenings }: Plan): void {
  for (const { type, reason, note } of happenings)
    log[type === "Normal" ? "info" : "warn"]({ pipeline: keyText(key), reason, note }, "pipeline");
}
