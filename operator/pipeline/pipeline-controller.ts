import type { Logger } from "pino";
import type { Clock } from "../control/clock.ts";
import type { ControlMetrics } from "../control/control-metrics.ts";
import { runController } from "../control/controller.ts";
import type { EventRecorder } from "../control/event-recorder.ts";
import { createOwnWrites, type OwnWrites } from "../control/own-writes.ts";
import { type Reflector, startReflector } from "../control/reflector.ts";
import type { QueueSnapshot } from "../control/queue-metrics.ts";
import { createSharedParts } from "../control/shared-parts.ts";
import type { Store } from "../control/store.ts";
import { createWorkQueue, type WorkQueue } from "../control/work-queue.ts";
import type { Api } from "../kube/api.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import type { Prober } from "../probe/prober.ts";
import { createSleepers, type Sleepers } from "../probe/sleepers.ts";
import type { AskPod } from "./ask-pod.ts";
import { createDepartedPods, type DepartedPods } from "./departed-pods.ts";
import { keyOf } from "./dependents.ts";
import type { LiveConnection, LivePipeline } from "./observed.ts";
import type { OperatorSettings } from "./plan.ts";
import { pipelineListeners } from "./pipeline-listeners.ts";
import { createPipelineTallies, type PipelineTallies } from "./pipeline-tallies.ts";
import { type KnownPipeline, knownPipelines } from "./known-pipelines.ts";
import { createPodReports, type PodReports } from "./pod-reports.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import { watchPipelines, type Watched, type WatchListeners } from "./pipeline-watches.ts";
import { reconcileConnection } from "./reconcile-connection.ts";
import { type PipelineMemory, reconcilePipeline } from "./reconcile-pipeline.ts";
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
  /** For watches, and for what a Connection refers to when a source is looked at. */
  readonly api: Pick<Api, "get" | "list" | "watch">;
  /** null: all of them. */
  readonly namespaces: readonly string[] | null;
  readonly settings: OperatorSettings;
  /** Compiles a spec's SQL. */
  readonly check: CheckSpec;
  readonly ask: AskPod;
  /** Asks sources of pipelines that run no pod. */
  readonly prober: Pick<Prober, "ask">;
  /** How often, in milliseconds. Default: 30 s. */
  readonly probeEveryMs?: number;
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
  /** For metrics: what is known of each Pipeline. Empty while this process does not lead, so that no two tell of the same. */
  readonly known: () => Iterable<KnownPipeline>;
  /** Works on all Pipelines until the signal is aborted. */
  run(term: PipelineTerm): Promise<void>;
}

/** What the controller works with, from its making on. */
interface Parts {
  readonly queue: WorkQueue;
  readonly connectionQueue: WorkQueue;
  readonly reports: PodReports;
  readonly departed: DepartedPods;
  readonly sleepers: Sleepers;
  readonly tallies: PipelineTallies;
  readonly ownWrites: OwnWrites;
  readonly ownConnectionWrites: OwnWrites;
}

/** The watches, and what they have seen. */
type Scopes = ReturnType<typeof startScopes>;

/** The controller of Pipelines. */
export function startPipelineController(options: PipelineControllerOptions): PipelineController {
  const isEager = (key: ObjectKey): boolean => storesOf(key.namespace)?.pipelines.get(key)?.spec.scaling !== undefined;
  const parts = createParts(options, isEager);
  const { queue, connectionQueue, tallies } = parts;
  const scopes = startScopes(options, pipelineListeners({ ...parts, clock: options.clock }));
  const { watches, storesOf, synced } = scopes;
  let term: AbortSignal | null = null;
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
    known: function* () {
      if (term?.aborted === false) for (const { stores } of watches) yield* knownPipelines(stores, tallies);
    },
    run: async (given) => {
      term = given.leading === undefined ? given.signal : AbortSignal.any([given.signal, given.leading]);
      await runTerm({ ...given, working: term }, { options, parts, scopes });
    },
    [Symbol.asyncDispose]: async () => {
      queue.shutDown();
      connectionQueue.shutDown();
      await Promise.all(watches.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

function createParts(options: PipelineControllerOptions, isEager: (pipeline: ObjectKey) => boolean): Parts {
  const { ask, api, prober, probeEveryMs, metrics, clock, random, log } = options;
  const queue = createWorkQueue({ name, clock, metrics });
  const look = (key: ObjectKey): void => queue.add(key);
  const tallies = createPipelineTallies();
  return {
    queue,
    connectionQueue: createWorkQueue({ name: connectionName, clock, metrics }),
    reports: createPodReports({ ask, clock, random, onAnswer: look, isEager }),
    departed: createDepartedPods(clock),
    sleepers: createSleepers({
      api,
      prober,
      clock,
      random,
      ...(probeEveryMs === undefined ? {} : { everyMs: probeEveryMs }),
      onNews: look,
      onFailure: tallies.probeFailed,
    }),
    tallies,
    ownWrites: createOwnWrites(clock, log),
    ownConnectionWrites: createOwnWrites(clock, log),
  };
}

/** Looks at all Pipelines and Connections, and asks pods and sources, for as long as this process leads. */
async function runTerm(
  { api, workers, signal, leading, working }: PipelineTerm & { readonly working: AbortSignal },
  { options, parts, scopes }: { readonly options: PipelineControllerOptions; readonly parts: Parts; readonly scopes: Scopes },
): Promise<void> {
  const { metrics, log, clock } = options;
  const { queue, connectionQueue, reports, departed, sleepers, ownWrites, ownConnectionWrites } = parts;
  const { watches, storesOf, synced: ready } = scopes;
  // Of this term: another may have led meanwhile, and what it has learned is in the status.
  const memory: PipelineMemory = { statusMs: new Map(), obstacles: new Map(), remembered: new Map() };
  reports.run(working);
  sleepers.run(working);
  const ending = { signal, ...(leading === undefined ? {} : { leading }) };
  const common = { deadlineMs, finishMsMax, ready, metrics, log, clock, ...ending };
  const senses = { told: reports.of, departed: departed.of, probed: sleepers.of };
  await Promise.all([
    runController({
      ...common,
      name,
      queue,
      workers,
      reconcile: reconcilePipeline({ ...options, ...parts, memory, api, storesOf, senses }),
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
}

/** Begins the watches of each namespace, or those of all. */
function startScopes({ api, namespaces, metrics, clock, random, log }: PipelineControllerOptions, listeners: WatchListeners) {
  const share = createSharedParts();
  const watches = (namespaces ?? [null]).map((namespace) => {
    const open = <T extends KubeObject>(watched: Watched<T>): Reflector<T> =>
      startReflector<T>({
        ...watched,
        api,
        share,
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
