import { availableParallelism, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Logger, pino } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { type Assembled, assemble } from "./assemble.ts";
import { NotConnected, Terminal } from "./component/errors.ts";
import { backoffMs } from "./engine/backoff.ts";
import { sleep, systemClock } from "./engine/clock.ts";
import { startHttpServer } from "./http/http-server.ts";
import { pipelineOf, podContext } from "./pod/pod-context.ts";
import { readPodFile } from "./pod/pod-file.ts";
import { limitsOf } from "./pod/resource-plan.ts";
import { isProcessRunning, makeScratchDirectory } from "./pod/scratch-directory.ts";
import { runAssembled } from "./run-assembled.ts";

/** Exit codes: 0 it ended as it should; 1 it may work when started again; 3 the owner has to change something first. */
const exitCode = { ok: 0, crashed: 1, terminal: 3 } as const;

/** How long closing connections may take after the pipeline has ended, in milliseconds: nothing depends on it any more. */
const closeMs = 3000;

const flags = {
  /** JSON: `{ "pipeline": …, "connections": […] }`. */
  pipeline: { type: "string" },
  secrets: { type: "string", default: "/etc/snowline/secrets" },
  "config-maps": { type: "string", default: "/etc/snowline/config-maps" },
  /** Directory for hand-over files; an emptyDir of medium Memory in a pod. */
  scratch: { type: "string", default: "/dev/shm" },
  host: { type: "string", default: "0.0.0.0" },
  /** 0 takes a free one; the log says which. */
  port: { type: "string", default: "9464" },
  /** Less than the pod's terminationGracePeriodSeconds by what closing takes. */
  "grace-seconds": { type: "string", default: "25" },
} as const;

async function main(log: Logger): Promise<number> {
  const { values } = parseArgs({ options: flags });
  if (values.pipeline === undefined) throw new Terminal("SpecInvalid", "runtime: give --pipeline <file>");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const file = await readPodFile(values.pipeline);
  const self = { pid: process.pid, startMs: performance.timeOrigin, isRunning: isProcessRunning };
  await using scratch = await makeScratchDirectory([values.scratch, "/tmp"], self);
  const directories = { secrets: values.secrets, configMaps: values["config-maps"] };
  const context = podContext({ file, path: values.pipeline, directories, scratchDirectory: scratch.path, log });
  const limits = limitsOf({ constrained: process.constrainedMemory(), total: totalmem(), cpus: availableParallelism() });
  const assembled = await connected(() => assemble(file.pipeline.spec, { context, limits }), { log, signal: stop.signal });
  if (assembled === null) return exitCode.ok;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const graceMs = Number(values["grace-seconds"]) * 1000;
  const { report, run } = runAssembled(assembled, {
    pipeline: pipelineOf(file),
    until: "stopped",
    registry,
    log,
    signal: stop.signal,
    graceMs,
  });
  const status = (): ReturnType<typeof report.status> => report.status();
  await using server = await startHttpServer({ port: Number(values.port), host: values.host, registry, status });
  log.info({ url: server.url }, "listening");
  try {
    const { endedBy } = await run();
    return endedBy === "failed" ? exitCode.terminal : exitCode.ok;
  } finally {
    await Promise.race([assembled[Symbol.asyncDispose](), sleep(systemClock, closeMs, new AbortController().signal)]);
  }
}

/** Assembles until the systems it needs are there; null when told to stop meanwhile. */
async function connected(
  open: () => Promise<Assembled>,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<Assembled | null> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      log.warn({ error: error.message, failures }, "not connected");
      await sleep(systemClock, backoffMs(failures, Math.random()), signal);
    }
  }
  return null;
}

const log = pino({ base: {} });
try {
  process.exitCode = await main(log);
} catch (error) {
  const terminal = error instanceof Terminal;
  log.fatal(terminal ? { reason: error.reason, error: error.message } : { err: error }, "pipeline not run");
  process.exitCode = terminal ? exitCode.terminal : exitCode.crashed;
}
// A connection that does not close must not keep the pod.
setTimeout(() => process.exit(), closeMs).unref();
