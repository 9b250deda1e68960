import type { Logger } from "pino";
import type { Clock } from "../control/clock.ts";
import type { ControlMetrics } from "../control/control-metrics.ts";
import { runController } from "../control/controller.ts";
import type { EventRecorder } from "../control/event-recorder.ts";
import { createOwnWrites } from "../control/own-writes.ts";
import { type Reflector, startReflector } from "../control/reflector.ts";
import type { QueueSnapshot } from "../control/queue-metrics.ts";
import type { Store } from "../control/store.ts";
import { createWorkQueue } from "../control/work-queue.ts";
import type { Api } from "../kube/api.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { AskPod } from "./ask-pod.ts";
import { createDepartedPods } from "./departed-pods.ts";
import { keyOf } from "./dependents.ts";
import type { LiveConnection, LivePipeline, Obstacle } from "./observed.ts";
import type { OperatorSettings } from "./plan.ts";
import { pipelineListeners } from "./pipeline-listeners.ts";
import { createPodReports } from "./pod-reports.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import { watchPipelines, type Watched, type WatchListeners } from "./pipeline-watches.ts";
import { reconcileConnection } from "./reconcile-connection.ts";
import { reconcilePipeline } from "./reconcile-pipeline.ts";
import type { CheckSpec } from "./spec-problems.ts";

/** Names of the controllers in metrics and logs. */
const name = "pipeline";
const connectionName = "connection";
/** Connections looked at at a time: each takes one small write at most. */
const connectionWorkers = 2;
/** Longest one look at a pipeline may take, in milliseconds: a compiler's queue and a dozen writes to a slow API server. */
const deadlineMs = 60_000;
/** How long looks in flight may go on at the end, in milliseconds: within the pod's grace period. */
const finishMsMax = 10_000;

/** What the controller is made of. */
export interface PipelineControllerOptions {
  /** For watches. */
  readonly api: Pick<Api, "list" | "watch">;
  /** null: all of them. */
  readonly namespaces: readonly string[] | null;
  readonly settings: OperatorSettings;
  /** Compiles a spec's SQL. */
  readonly check: CheckSpec;
  readonly ask: AskPod;
  readonly events: EventRecorder;
  readonly metrics: ControlMetrics;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** A time during which this process leads. */
export interface PipelineTerm {
  /** Writes; refuses once this process no longer leads. */
  readonly api: Api;
  readonly workers: number;
  /** Aborted: no more is begun, and what is in flight may finish. */
  readonly signal: AbortSignal;
  /** Aborted: this process leads no longer. */
  readonly leading?: AbortSignal;
}

/** Watches from its making on, so that a standby is warm, and works only while it is told to. Disposing of it ends the watches. */
export interface PipelineController extends AsyncDisposable {
  /** Resolves once the caches hold all that was there at the start. */
  readonly synced: Promise<void>;
  /** For liveness: when each watch last heard of the API server. */
  readonly watches: Readonly<Record<string, { lastContactMs(): number }>>;
  /** What it watches, over all its namespaces: for admission, which looks at the neighbours of an object. */
  readonly pipelines: Pick<Store<LivePipeline>, "list">;
  readonly connections: Pick<Store<LiveConnection>, "get" | "list">;
  /** For liveness: what is worked on, and how long that may take. */
  readonly work: { snapshot(): QueueSnapshot; readonly deadlineMs: number };
  /** Works on all Pipelines until the signal is aborted. */
  run(term: PipelineTerm): Promise<void>;
}

/** The controller of Pipelines. */
export function startPipelineController(options: PipelineControllerOptions): PipelineController {
  const { metrics, clock, random, log } = options;
  const queue = createWorkQueue({ name, clock, metrics });
  const reports = createPodReports({ ask: options.ask, clock, random, onAnswer: (key) => queue.add(key) });
  const departed = createDepartedPods(clock);
  const connectionQueue = createWorkQueue({ name: connectionName, clock, metrics });
  const ownWrites = createOwnWrites(clock, log);
  const ownConnectionWrites = createOwnWrites(clock, log);
  const memory = { statusMs: new Map<string, number>(), obstacles: new Map<string, Obstacle>() };
  const listeners = pipelineListeners({ queue, connectionQueue, reports, departed, clock });
  const { watches, storesOf, synced } = startScopes(options, listeners);
  return {
    synced,
    watches: Object.fromEntries(
      watches.flatMap(({ namespace, reflectors }) =>
        Object.entries(reflectors).map(([resource, each]) => [namespace === null ? resource : `${resource}/${namespace}`, each]),
      ),
    ),
    pipelines: { list: () => watches.flatMap(({ stores }) => stores.pipelines.list()) },
    connections: {
      get: (key) => storesOf(key.namespace)?.connections.get(key) ?? null,
      list: () => watches.flatMap(({ stores }) => stores.connections.list()),
    },
    work: { snapshot: queue.snapshot, deadlineMs },
    run: async ({ api, workers, signal, leading }) => {
      const { settings, check, events } = options;
      const senses = { told: reports.of, departed: departed.of };
      const reconcile = reconcilePipeline({ api, storesOf, senses, settings, check, events, ownWrites, memory, clock, log });
      reports.run(AbortSignal.any([signal, ...(leading === undefined ? [] : [leading])]));
      const common = {
        deadlineMs,
        finishMsMax,
        ready: synced,
        metrics,
        log,
        clock,
        signal,
        ...(leading === undefined ? {} : { leading }),
      };
      await Promise.all([
        runController({
          ...common,
          name,
          queue,
          workers,
          reconcile,
          isCurrent: ownWrites.caughtUp,
          // Who leads anew has no deadlines of the one before it.
          all: () => watches.flatMap(({ stores }) => stores.pipelines.list().map(({ metadata }) => keyOf(metadata))),
        }),
        runController({
          ...common,
          name: connectionName,
          queue: connectionQueue,
          workers: connectionWorkers,
          reconcile: reconcileConnection({ api, storesOf, ownWrites: ownConnectionWrites, clock }),
          isCurrent: ownConnectionWrites.caughtUp,
        }),
      ]);
    },
    [Symbol.asyncDispose]: async () => {
      queue.shutDown();
      connectionQueue.shutDown();
      await Promise.all(watches.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** Begins the watches of each namespace, or those of all. */
function startScopes({ api, namespaces, metrics, clock, random, log }: PipelineControllerOptions, listeners: WatchListeners) {
  const watches = (namespaces ?? [null]).map((namespace) => {
    const open = <T extends KubeObject>(watched: Watched<T>): Reflector<T> =>
      startReflector<T>({
        ...watched,
        api,
        clock,
        random,
        log,
        observe: (snapshot) => metrics.cache(namespace === null ? watched.name : `${watched.name}/${namespace}`, snapshot),
      });
    return { namespace, ...watchPipelines(namespace, open, listeners) };
  });
  const storesOf = (namespace: string): PipelineStores | null =>
    watches.find((each) => each.namespace === null || each.namespace === namespace)?.stores ?? null;
  const allSynced = async (): Promise<void> => {
    await Promise.all(watches.map((each) => each.synced));
  };
  const synced = allSynced();
  // Whoever does not wait for it is not to be ended by it.
  synced.catch(() => {});
  return { watches, storesOf, synced };
}
