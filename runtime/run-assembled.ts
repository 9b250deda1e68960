import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Assembled } from "./assemble.ts";
import type { BatchTracer } from "./engine/batch-trace.ts";
import { systemClock } from "./engine/clock.ts";
import { PipelineReport } from "./engine/report.ts";
import { runPipeline, type Summary } from "./engine/run-pipeline.ts";

/** How a pipeline is run. */
export interface RunOptions {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly until: "stopped" | "caughtUp";
  /** A registry of this run's own. */
  readonly registry: Registry;
  /** Absent: batches are not traced. */
  readonly tracer?: BatchTracer;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How long draining may take, in milliseconds. */
  readonly graceMs: number;
}

/** A pipeline about to run on this machine's clock. */
export interface AssembledRun {
  /** What it is doing, at any time. */
  readonly report: PipelineReport;
  /** Runs it to its end, once. */
  run(): Promise<Summary>;
}

/** Puts assembled parts into the engine. */
export function runAssembled(assembled: Assembled, options: RunOptions): AssembledRun {
  const { log } = options;
  const report = new PipelineReport({
    pipeline: options.pipeline,
    schemaVersion: assembled.schemaVersion,
    clock: systemClock,
    registry: options.registry,
  });
  const failed = new Set<string>();
  const onLookup = (name: string, error: string | null): void => {
    if (error === null) {
      failed.delete(name);
      log.debug({ lookup: name }, "lookup refreshed");
    } else {
      failed.add(name);
      log.warn({ lookup: name, error }, "lookup not refreshed");
    }
    report.observe(
      failed.size === 0
        ? { type: "LookupsFresh", status: "True", reason: "Refreshed", message: "every lookup was read when it was due" }
        : {
            type: "LookupsFresh",
            status: "False",
            reason: "RefreshFailed",
            message: `${[...failed].join(", ")}: the former table is used: ${error ?? "see the log"}`,
          },
    );
  };
  const run = (): Promise<Summary> =>
    runPipeline({
      ...assembled,
      output: assembled.compiled.output,
      meta: assembled.compiled.meta,
      openTransformer: (target) => assembled.openTransformer(target, onLookup),
      until: options.until,
      report,
      ...(options.tracer === undefined ? {} : { tracer: options.tracer }),
      clock: systemClock,
      random: Math.random,
      loopActiveMs: () => performance.eventLoopUtilization().active,
      log,
      signal: options.signal,
      graceMs: options.graceMs,
    });
  return { report, run };
}
