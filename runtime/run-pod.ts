import { availableParallelism, tmpdir, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Logger, pino } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { type Assembled, assemble } from "./assemble.ts";
import { NotConnected, Terminal } from "./component/errors.ts";
import { backoffMs } from "./engine/backoff.ts";
import { sleep, systemClock } from "./engine/clock.ts";
import { startHttpServer } from "./http/http-server.ts";
import { lineageOf } from "./lineage/lineage.ts";
import { pipelineOf, podContext } from "./pod/pod-context.ts";
import { readPodFile } from "./pod/pod-file.ts";
import { limitsOf } from "./pod/resource-plan.ts";
import { isProcessRunning, makeScratchDirectory } from "./pod/scratch-directory.ts";
import { type Termination, writeTermination } from "./pod/termination.ts";
import { runAssembled } from "./run-assembled.ts";
import { openTracing } from "./tracing/open-tracing.ts";

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
  /** File that says why the process ended, as JSON `{ "reason", "message" }`; a container's terminationMessagePath. */
  "termination-log": { type: "string" },
} as const;

type Flags = ReturnType<typeof parseFlags>;
const parseFlags = (args: readonly string[]) => parseArgs({ args: [...args], options: flags }).values;

/** The process's variables. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What a run works with. */
interface Surroundings {
  /** When aborted the pipeline drains. */
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly log: Logger;
  /** Leaves why the process ended. */
  tell(termination: Termination): void;
}

async function run(values: Flags, { signal, environment, log, tell }: Surroundings): Promise<number> {
  if (values.pipeline === undefined) throw new Terminal("SpecInvalid", "runtime: give --pipeline <file>");
  const file = await readPodFile(values.pipeline);
  const self = { pid: process.pid, startMs: performance.timeOrigin, isRunning: isProcessRunning };
  await using scratch = await makeScratchDirectory([values.scratch, tmpdir()], self);
  const directories = { secrets: values.secrets, configMaps: values["config-maps"] };
  const context = podContext({ file, path: values.pipeline, directories, scratchDirectory: scratch.path, log });
  const limits = limitsOf({ constrained: process.constrainedMemory(), total: totalmem(), cpus: availableParallelism() });
  const assembled = await connected(() => assemble(file.pipeline.spec, { context, limits }), { log, signal });
  if (assembled === null) return exitCode.ok;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const tracing = await openTracing({ environment, pipeline: pipelineOf(file), registry, log });
  const graceMs = Number(values["grace-seconds"]) * 1000;
  const { report, run: runPipeline } = runAssembled(assembled, {
    pipeline: pipelineOf(file),
    until: "stopped",
    registry,
    tracer: tracing.tracer,
    log,
    signal,
    graceMs,
  });
  const status = (): ReturnType<typeof report.status> => report.status();
  const { compiled } = assembled;
  const lineage = lineageOf({ spec: file.pipeline.spec, compiled, context, registry, clock: systemClock, status });
  await using server = await startHttpServer({ port: Number(values.port), host: values.host, registry, status });
  log.info({ url: server.url }, "listening");
  try {
    const summary = await lineage.over(runPipeline);
    const { endedBy, condition } = summary;
    if (condition !== undefined) tell(condition);
    else if (!summary.drained) tell(notDrained);
    return endedBy === "failed" ? exitCode.terminal : exitCode.ok;
  } finally {
    const closed = Promise.all([lineage, tracing, assembled].map((part) => part[Symbol.asyncDispose]()));
    await Promise.race([closed, sleep(systemClock, closeMs, new AbortController().signal)]);
  }
}

const notDrained: Termination = {
  reason: "NotDrained",
  message:
    "not all that was read was loaded when the pod ended (its grace period was over, or the records waited to be judged): the rest was given up whole and is read again",
};

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

/** Says why the process ended, in the termination log where there is one. */
function teller(path: string | undefined, log: Logger): (termination: Termination) => void {
  return ({ reason, message }) => {
    try {
      if (path !== undefined) writeTermination(path, { reason, message });
    } catch (error) {
      log.warn({ path, error: error instanceof Error ? error.message : String(error) }, "termination log not written");
    }
  };
}

function terminationOf(error: unknown): Termination {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: error instanceof Terminal ? error.reason : "Crashed", message };
}

/**
 * A pod's process but for its signals: runs the pipeline that the arguments name until it ends or `signal` is aborted, and answers the
 * exit code. Never throws: what goes wrong is in the log and the termination log.
 */
export async function runPod(args: readonly string[], signal: AbortSignal, environment: Environment): Promise<number> {
  const log = pino({ base: {} });
  let tell = teller(undefined, log);
  try {
    const values = parseFlags(args);
    tell = teller(values["termination-log"], log);
    // Only looks on: what nobody catches still ends the process with its stack on stderr.
    process.on("uncaughtExceptionMonitor", (error) => tell(terminationOf(error)));
    return await run(values, { signal, environment, log, tell });
  } catch (error) {
    tell(terminationOf(error));
    const terminal = error instanceof Terminal;
    log.fatal(terminal ? { reason: error.reason, error: error.message } : { err: error }, "pipeline not run");
    return terminal ? exitCode.terminal : exitCode.crashed;
  }
}
