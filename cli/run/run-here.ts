import { writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { assemble, type Assembled } from "../../runtime/assemble.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import { NotConnected } from "../../runtime/component/errors.ts";
import { backoffMs } from "../../runtime/engine/backoff.ts";
import { systemClock } from "../../runtime/engine/clock.ts";
import { startHttpServer } from "../../runtime/http/http-server.ts";
import { lineageOf } from "../../runtime/lineage/lineage.ts";
import { podContext } from "../../runtime/pod/pod-context.ts";
import { limitsOf } from "../../runtime/pod/resource-plan.ts";
import { runAssembled } from "../../runtime/run-assembled.ts";
import { openTracing } from "../../runtime/tracing/open-tracing.ts";
import { openScratch } from "../scratch.ts";
import { exitCode, type ExitCode, type Shell } from "../shell.ts";
import { paintFor } from "../text.ts";
import type { Here, HereOptions } from "./here.ts";
import { logText } from "./log-text.ts";
import { openLog } from "./open-log.ts";
import { sinkText } from "./places.ts";
import { notBegun, progressOf } from "./progress-text.ts";
import { ProgressWatch } from "./progress-watch.ts";
import { type Stop, stopOnSignal } from "./stop-on-signal.ts";
import { type Ended, sumUp } from "./sum-up.ts";
import { unassignedWatch } from "./unassigned.ts";
import { watchParts } from "./watch-parts.ts";

/** How long draining may take after the first signal, in milliseconds: a batch loads in seconds. A second signal ends it at once. */
const graceMs = 30_000;
/** How long closing connections may take at the end, in milliseconds: nothing depends on it any more. */
const closeMs = 3000;

/** How long the receivers of lineage and traces may take for the last of it, in milliseconds. */
const lastWordMs = 1000;

/** Runs a pipeline in this process, shows how it goes, and sums up what it did. */
export async function runHere(here: Here, options: HereOptions, shell: Shell): Promise<ExitCode> {
  using stop = stopOnSignal(shell);
  await using scratch = await openScratch();
  using watch = new ProgressWatch({ name: here.pipeline.metadata.name, output: shell.stderr, now: shell.now });
  const paint = paintFor(shell, shell.stderr);
  const log = openLog(options.logLevel, { write: (line) => watch.write(`${logText(line.trimEnd(), paint)}\n`) });
  const secrets = resolve(shell.directory, options.secrets);
  const directories = { secrets, configMaps: secrets };
  const context = podContext({ file: here, path: here.path, directories, scratchDirectory: scratch.path, log });
  const limits = limitsOf({ constrained: process.constrainedMemory(), total: totalmem(), cpus: availableParallelism() });
  const openSource = options.openSource?.(context);
  const open = () => assemble(here.pipeline.spec, { context, limits, ...(openSource === undefined ? {} : { openSource }) });
  const assembled = await connected(open, { watch, log, signal: stop.signal });
  if (assembled === null) return exitCode.ok;
  try {
    const start = `${here.pipeline.metadata.name}: ${options.words.from} → ${sinkText(here.pipeline.spec)}`;
    const announce = (url: string): void =>
      watch.write(`${start}\n${paint("dim", `metrics at ${url}/metrics while it runs; Ctrl-C drains and stops`)}\n`);
    const ended = await run(assembled, options, { here, shell, stop, watch, log, context, announce });
    watch[Symbol.dispose]();
    return sumUp(ended, here, options, shell);
  } finally {
    await Promise.race([assembled[Symbol.asyncDispose](), pause(closeMs, undefined, { ref: false })]);
  }
}

interface Around {
  readonly here: Here;
  readonly shell: Shell;
  readonly stop: Stop;
  readonly watch: ProgressWatch;
  readonly log: Logger;
  readonly context: ComponentContext;
  /** Called with the address of the metrics. */
  announce(url: string): void;
}

/** Runs assembled parts to their end, with metrics over HTTP meanwhile. */
async function run(assembled: Assembled, options: HereOptions, around: Around): Promise<Ended> {
  const { shell, stop, watch, log } = around;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const watched = watchParts(assembled);
  const { pipeline } = around.context;
  const tracing = await openTracing({ environment: shell.environment, pipeline, registry, log });
  const { report, run } = runAssembled(watched.parts, {
    pipeline,
    until: options.until,
    registry,
    tracer: tracing.tracer,
    log,
    signal: stop.signal,
    graceMs,
  });
  const status = (): ReturnType<typeof report.status> => report.status();
  await using server = await startHttpServer({ port: options.httpPort, host: "127.0.0.1", registry, status });
  around.announce(server.url);
  const unassigned = unassignedWatch(shell.now);
  watch.follow(() => {
    const now = status();
    const progress = progressOf(now);
    return options.grouped ? { ...progress, waitsFor: progress.waitsFor ?? unassigned(now) } : progress;
  });
  const { compiled } = assembled;
  const lineage = lineageOf({
    spec: around.here.pipeline.spec,
    compiled,
    context: around.context,
    registry,
    clock: systemClock,
    status,
  });
  const began = shell.now();
  const summary = await Promise.race([lineage.over(run), stop.givenUp]);
  const seconds = (shell.now() - began) / 1000;
  if (options.metricsFile !== undefined) await writeFile(resolve(shell.directory, options.metricsFile), await registry.metrics());
  const told = Promise.all([lineage, tracing].map((part) => part[Symbol.asyncDispose]()));
  await Promise.race([told, pause(lastWordMs, undefined, { ref: false })]);
  return { summary, status: status(), watched, seconds };
}

/** Opens the parts until the systems they need are there; null when told to stop meanwhile. */
async function connected(
  open: () => Promise<Assembled>,
  { watch, log, signal }: { readonly watch: ProgressWatch; readonly log: Logger; readonly signal: AbortSignal },
): Promise<Assembled | null> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      log.warn({ error: error.message, failures }, "not connected");
      watch.follow(() => ({ ...notBegun, waitsFor: error.message }));
      await pause(backoffMs(failures, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}
