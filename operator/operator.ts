import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { group } from "../crds/kinds/kind.ts";
import { type Compiler, openCompiler } from "./compile/compiler.ts";
import { startApiEventRecorder } from "./control/api-event-recorder.ts";
import { systemClock } from "./control/clock.ts";
import { type ControlMetrics, registerControlMetrics } from "./control/control-metrics.ts";
import type { EventRecorder } from "./control/event-recorder.ts";
import { fencedApi } from "./control/fenced-api.ts";
import { type Check, watchesAlive, workersMove } from "./control/health.ts";
import { startHealthServer } from "./control/health-server.ts";
import { runWhileLeading, startLeaderElection } from "./control/leader-election.ts";
import type { Leadership } from "./control/leadership.ts";
import { defaultLeaseTiming } from "./control/lease.ts";
import { type ClusterPlace, openAccess } from "./kube/cluster-place.ts";
import { type HttpApi, openHttpApi } from "./kube/http-api.ts";
import { registerRequestMetrics } from "./kube/request-metrics.ts";
import type { OperatorOptions } from "./options.ts";
import { askOverHttp } from "./pipeline/ask-pod.ts";
import { fieldManager, podPort } from "./pipeline/names.ts";
import { type PipelineController, startPipelineController } from "./pipeline/pipeline-controller.ts";
import { pipelineMetrics } from "./pipeline/pipeline-metrics.ts";
import { openProber } from "./probe/prober.ts";
import { type CertificateOrigin, startWebhook, type Webhook } from "./webhook/start-webhook.ts";

/** What an operator works with. */
export interface OperatorSurroundings {
  readonly place: ClusterPlace;
  readonly userAgent: string;
  readonly registry: Registry;
  readonly log: Logger;
  /** Aborted: finish what is begun, and end. */
  readonly signal: AbortSignal;
}

/** How fine the lag of the event loop is measured, in milliseconds. */
const lagResolutionMs = 20;
const nanosecondsPerMillisecond = 1e6;
/** The program that looks at sources: another room's, so that no Kafka client is ever in this process. */
const probeProgram = fileURLToPath(new URL("../runtime/probe-main.ts", import.meta.url));

/** The parts that live as long as the process. */
interface Parts {
  readonly api: HttpApi;
  readonly controller: PipelineController;
  readonly webhook: Webhook | null;
  readonly metrics: ControlMetrics;
}

/**
 * Runs the operator until the signal is aborted: caches and webhook from the start, so that a standby is warm, the pipelines only
 * while this process leads. At the end what is in flight is finished, events are sent and the lease is given back, in this order.
 * Throws where it cannot go on: a port is taken, or the lease's thread has ended.
 */
export async function runOperator(options: OperatorOptions, surroundings: OperatorSurroundings): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const parts = await openParts(options, surroundings, opened);
  const { host, port } = options;
  const { registry, log } = surroundings;
  const scraped = () => pipelineMetrics(parts.controller.known());
  const server = opened.use(await startHealthServer({ host, port, registry, scraped, ...checksOf(parts) }));
  log.info({ url: server.url, namespaces: options.namespaces ?? "all" }, "listening");
  if (options.leaderElect) await contend(options, surroundings, parts);
  else await work(options, surroundings, { parts, leadership: null });
  log.info("stopping");
}

async function openParts(
  options: OperatorOptions,
  { place, userAgent, registry, log }: OperatorSurroundings,
  opened: AsyncDisposableStack,
): Promise<Parts> {
  const metrics = registerControlMetrics(registry, systemClock);
  const loop = monitorEventLoopDelay({ resolution: lagResolutionMs });
  loop.enable();
  opened.defer(() => void loop.disable());
  metrics.eventLoopLag(() => {
    const lagMs = Math.max(0, loop.max / nanosecondsPerMillisecond - lagResolutionMs);
    loop.reset();
    return lagMs;
  });
  const access = await openAccess(place, systemClock);
  const onRequest = registerRequestMetrics(registry);
  const api = opened.use(openHttpApi({ access, userAgent, timing: systemClock, random: Math.random, onRequest }));
  const compiler = opened.use(openCompiler({ now: () => systemClock.now() }));
  const events = opened.use(
    startApiEventRecorder({
      api,
      reportingController: `${group}/operator`,
      reportingInstance: options.identity,
      metrics,
      log,
      clock: systemClock,
    }),
  );
  const controller = openController(options, { api, compiler, events, metrics, log }, opened);
  const certificates = certificateOrigin(options);
  const { pipelines, connections } = controller;
  const webhook =
    options.webhook === null || certificates === null
      ? null
      : opened.use(
          await startWebhook({
            api,
            clock: systemClock,
            logger: log,
            registry,
            compiler,
            fieldManager,
            certificates,
            host: options.host,
            port: options.webhook.port,
            pipelines,
            connections,
          }),
        );
  return { api, controller, webhook, metrics };
}

interface ControllerParts extends Pick<Parts, "api" | "metrics"> {
  readonly compiler: Compiler;
  readonly events: EventRecorder;
  readonly log: Logger;
}

/** The pipelines' controller, with the process that looks at their sources. */
function openController(
  options: OperatorOptions,
  { api, compiler, events, metrics, log }: ControllerParts,
  opened: AsyncDisposableStack,
): PipelineController {
  const prober = opened.use(openProber({ program: probeProgram, clock: systemClock }));
  return opened.use(
    startPipelineController({
      api,
      namespaces: options.namespaces,
      settings: {
        runtimeImage: options.runtimeImage,
        imagePullPolicy: options.runtimeImagePullPolicy,
        imagePullSecrets: options.runtimeImagePullSecrets,
        rolloutDeadlineSeconds: options.rolloutDeadlineSeconds,
        scaleToZero: options.scaleToZero,
      },
      check: compiler.check,
      ask: askOverHttp(podPort),
      prober,
      events,
      metrics,
      clock: systemClock,
      random: Math.random,
      log,
    }),
  );
}

function certificateOrigin({ webhook, operatorNamespace: namespace }: OperatorOptions): CertificateOrigin | null {
  if (webhook === null) return null;
  const { certificates } = webhook;
  if ("directory" in certificates) return { kind: "directory", directory: certificates.directory };
  const { secret, service, configuration } = certificates;
  const names = [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
  return { kind: "secret", namespace, secret, configuration, names };
}

function checksOf({ controller, webhook }: Parts): { readonly ready: readonly Check[]; readonly live: readonly Check[] } {
  let synced = false;
  controller.synced.then(
    () => (synced = true),
    () => {},
  );
  return {
    ready: [
      { name: "caches", check: () => (synced ? null : "what is there is not all listed yet") },
      ...(webhook === null ? [] : [{ name: "webhook", check: () => (webhook.ready ? null : "there is no certificate yet") }]),
    ],
    live: [watchesAlive(controller.watches), workersMove({ pipeline: controller.work })],
  };
}

async function contend(options: OperatorOptions, surroundings: OperatorSurroundings, parts: Parts): Promise<void> {
  const { place, userAgent, log, signal } = surroundings;
  await using election = startLeaderElection({
    place,
    lease: { namespace: options.operatorNamespace, name: options.leaseName },
    // A pod's name alone is not enough: a container that was restarted is another process.
    identity: `${options.identity}_${crypto.randomUUID()}`,
    fieldManager,
    userAgent,
    timing: defaultLeaseTiming,
    metrics: parts.metrics,
    log,
    clock: systemClock,
  });
  await runWhileLeading(election, signal, (leadership) => work(options, surroundings, { parts, leadership }));
}

/** One term: the pipelines, and the webhook's certificates. `leadership` is null where nobody else can lead. */
async function work(
  { workers }: OperatorOptions,
  { signal }: OperatorSurroundings,
  { parts, leadership }: { readonly parts: Parts; readonly leadership: Leadership | null },
): Promise<void> {
  const { api, controller, webhook } = parts;
  const ending = leadership === null ? signal : AbortSignal.any([signal, leadership.signal]);
  const term = {
    api: leadership === null ? api : fencedApi(api, leadership),
    workers,
    signal,
    ...(leadership === null ? {} : { leading: leadership.signal }),
  };
  await Promise.all([controller.run(term), webhook?.lead(ending)]);
}
