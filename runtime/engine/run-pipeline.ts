import type { Logger } from "pino";
import type { Condition } from "../../crds/kinds/condition.ts";
import type { Column, MetaColumn, TargetColumn } from "../../transform/column.ts";
import type { Transformer } from "../../transform/compiled.ts";
import { Batch, type BatchBounds } from "../component/batch.ts";
import type { DeadLetters } from "../component/dead-letters.ts";
import { Terminal } from "../component/errors.ts";
import type { Sink } from "../component/sink.ts";
import type { Source } from "../component/source.ts";
import { type BatchTracer, noTracer } from "./batch-trace.ts";
import { BatchCeiling } from "./batch-ceiling.ts";
import { type Clock, sleep } from "./clock.ts";
import { Flow, type FlowEnd, type FlowOptions } from "./flow.ts";
import { OwnedSplits } from "./owned-splits.ts";
import { persist } from "./persist.ts";
import { type RejectedBounds, watchRejected } from "./quality.ts";
import type { PipelineReport, Totals } from "./report.ts";
import { GivenUp, orGivenUp, type Surroundings } from "./surroundings.ts";

/** A pipeline's parts, bounds and surroundings. */
export interface PipelineOptions {
  readonly source: Source;
  readonly sink: Sink;
  /** null: the first rejected record stops the pipeline. */
  readonly deadLetters: DeadLetters | null;
  /** What part of the records may be rejected; null: any. */
  readonly rejectedBounds: RejectedBounds | null;
  /** Columns the SQL yields. */
  readonly output: readonly Column[];
  /** Metadata columns the SQL names. */
  readonly meta: readonly MetaColumn[];
  /** Called once the sink has said what its table takes. The engine disposes of what it gets. */
  openTransformer(target: readonly TargetColumn[]): Promise<Transformer>;
  /** A batch is loaded at whichever bound it meets first; the time counts from its first record. */
  readonly batch: BatchBounds & { readonly everyMs: number };
  /** `caughtUp`: ends once everything that was there when it was first looked at is loaded. A source that ends, ends it anyway. */
  readonly until: "stopped" | "caughtUp";
  readonly report: PipelineReport;
  /** Absent: batches are not traced. */
  readonly tracer?: BatchTracer;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Milliseconds the event loop has worked so far, as `performance.eventLoopUtilization().active` counts them. */
  loopActiveMs(): number;
  readonly log: Logger;
  /** When aborted the pipeline drains: it reads no more, loads what was read, and ends. */
  readonly signal: AbortSignal;
  /** How long draining may take, in milliseconds. What is not loaded then is given up whole. */
  readonly graceMs: number;
}

/** How a run ended. */
export interface Summary extends Totals {
  readonly endedBy: "ended" | "caughtUp" | "stopped" | "failed";
  /** False where not everything that was read was loaded, such as when the grace period was over: the rest is read again next time. */
  readonly drained: boolean;
  /** Where it failed: why, and what to do. */
  readonly condition?: Condition;
}

/** Times in a row a table may change under a batch before that is taken for a fault. */
const targetChangesMax = 10;

/**
 * Runs a pipeline until its source ends, it has caught up, it is told to stop, or retrying cannot help. What it could not load
 * is as if it had never been read. It disposes of the transformer only: source, sink and dead letters are the caller's.
 * Throws what no component announces, such as a programmer's error: the process should end then, and be started again.
 */
export async function runPipeline(options: PipelineOptions): Promise<Summary> {
  const { report, clock, log, signal } = options;
  const abandon = new AbortController();
  const surroundings: Surroundings = { ...pick(options), stop: signal, abandon: abandon.signal };
  let cancelGrace = (): void => {};
  const drain = (): void => {
    const message = "reads no more and loads what was read";
    report.observe({ type: "Draining", status: "True", reason: "Stopping", message });
    log.info({ graceMs: options.graceMs }, "draining");
    cancelGrace = clock.after(options.graceMs, () => abandon.abort());
  };
  if (signal.aborted) drain();
  else signal.addEventListener("abort", drain, { once: true });
  const endSampling = report.sample();
  const unread: Unread = { batch: false };
  try {
    const endedBy = await run(options, surroundings, unread);
    report.observe({ type: "Progressing", status: "False", reason: reasonOf[endedBy], message: messageOf[endedBy] });
    return ended(options, { endedBy, drained: !unread.batch });
  } catch (error) {
    if (error instanceof GivenUp && signal.aborted) {
      report.observe({ type: "Progressing", status: "False", reason: reasonOf.stopped, message: messageOf.stopped });
      return ended(options, { endedBy: "stopped", drained: !abandon.signal.aborted && !unread.batch });
    }
    return failed(options, error);
  } finally {
    endSampling();
    cancelGrace();
    signal.removeEventListener("abort", drain);
  }
}

/** Whether a batch that was read is given up and not yet to be read again: what a conflict or a changed table leaves. */
interface Unread {
  batch: boolean;
}

type Ended = "ended" | "caughtUp" | "stopped";
const reasonOf: Readonly<Record<Ended, string>> = { ended: "SourceEnded", caughtUp: "CaughtUp", stopped: "Stopped" };
const messageOf: Readonly<Record<Ended, string>> = {
  ended: "the source has ended and everything is loaded",
  caughtUp: "everything that was there is loaded",
  stopped: "the pipeline was told to stop",
};

const pick = ({ clock, random, loopActiveMs, log, report }: PipelineOptions) => ({ clock, random, loopActiveMs, log, report });

async function run(options: PipelineOptions, surroundings: Surroundings, unread: Unread): Promise<Ended> {
  const { source, sink, output, meta, batch, report } = options;
  const { stop, abandon } = surroundings;
  const target = await persist(() => sink.prepare(output), "sink", stop, surroundings);
  const opening = options.openTransformer(target);
  let transformer: Transformer;
  let endWatching = (): void => {};
  try {
    transformer = await orGivenUp(opening, abandon);
  } catch (error) {
    opening.then(
      (late) => dispose(late, surroundings),
      () => {},
    );
    throw error;
  }
  try {
    const splits = new OwnedSplits(source, sink, surroundings);
    await splits.claim();
    report.start(splits);
    report.observe({
      type: "Progressing",
      status: "True",
      reason: "Running",
      message: "records are read, transformed and loaded",
    });
    const batches = Array.from({ length: sink.rejectsLater === true ? 3 : 2 }, () => new Batch(meta, batch));
    const ceiling = new BatchCeiling(batch.bytesMax);
    const rejected = watchRejected(options.rejectedBounds, surroundings);
    endWatching = rejected.watch();
    const flow: FlowOptions = {
      ...options,
      everyMs: batch.everyMs,
      transformer,
      splits,
      rejected,
      tracer: options.tracer ?? noTracer,
      batches,
      ceiling,
      surroundings,
    };
    return await flowOn(options, flow, unread);
  } finally {
    endWatching();
    await dispose(transformer, surroundings);
  }
}

/** One flow after the other until one of them ends for good. */
async function flowOn(options: PipelineOptions, flow: FlowOptions, unread: Unread): Promise<Ended> {
  const { clock, stop } = flow.surroundings;
  const { splits } = flow;
  let targetChanges = 0;
  for (;;) {
    const loadsBefore = flow.surroundings.report.totals.batches;
    unread.batch = false;
    const end = await new Flow(flow).run();
    unread.batch = end.kind === "conflict" || end.kind === "targetChanged" || end.kind === "tooLarge" || end.kind === "gather";
    if (flow.surroundings.report.totals.batches > loadsBefore) targetChanges = 0;
    switch (end.kind) {
      case "stopped":
      case "caughtUp":
        return end.kind;
      case "ended": {
        const reclaimAtMs = splits.reclaimAtMs();
        if (reclaimAtMs === null) return "ended";
        await sleep(clock, Math.max(reclaimAtMs - clock.now(), 0), stop);
        break;
      }
      case "claim":
        break;
      case "conflict":
        noteConflict(end, flow);
        splits.rewind(end.splits);
        break;
      case "targetChanged":
        if (++targetChanges > targetChangesMax) {
          throw new Terminal(
            "TargetUnstable",
            `table: changed ${targetChanges} times in a row under a batch, the last time: ${end.message}`,
          );
        }
        await retarget(options, flow, end.message);
        splits.rewind([]);
        break;
      case "tooLarge":
        flow.ceiling.lower(end.batchBytes);
        flow.surroundings.log.info({ message: end.message, bytesMax: flow.ceiling.bytes }, "batch given up: it is too large");
        splits.rewind([]);
        break;
      case "gather":
        flow.surroundings.log.info({}, "batch given up: too few records to judge how many are rejected");
        splits.rewind([]);
        break;
      case "failed":
        throw end.error;
      default:
        return end satisfies never;
    }
    if (stop.aborted) return "stopped";
    await splits.claim();
  }
}

function noteConflict({ splits }: FlowEnd & { kind: "conflict" }, { surroundings: { report, log } }: FlowOptions): void {
  report.metrics.conflicts.inc();
  log.warn({ splits: splits.slice(0, 10), count: splits.length }, "batch given up: splits have another owner");
}

async function retarget(
  { sink, output }: PipelineOptions,
  { transformer, surroundings }: FlowOptions,
  message: string,
): Promise<void> {
  surroundings.log.info({ message }, "table changed");
  const target = await persist(() => sink.prepare(output), "sink", surroundings.stop, surroundings);
  transformer.retarget(target);
}

async function dispose(transformer: Transformer, { log, abandon }: Surroundings): Promise<void> {
  try {
    await orGivenUp(Promise.resolve(transformer[Symbol.asyncDispose]()), abandon);
  } catch (error) {
    log.warn({ error }, "transformer not closed");
  }
}

function ended({ report, log }: PipelineOptions, how: Pick<Summary, "endedBy" | "drained">): Summary {
  const summary: Summary = { ...report.totals, ...how };
  log[how.drained ? "info" : "warn"](summary, "pipeline ended");
  return summary;
}

function failed({ report, log }: PipelineOptions, error: unknown): Summary {
  const reason = error instanceof Terminal ? error.reason : "InternalError";
  const message = error instanceof Error ? error.message : String(error);
  report.observe({ type: "Progressing", status: "False", reason, message });
  if (!(error instanceof Terminal)) throw error;
  log.error({ reason, error: message }, "pipeline stopped");
  const condition = report.status().conditions.find(({ type }) => type === "Progressing");
  return { ...report.totals, endedBy: "failed", drained: true, ...(condition === undefined ? {} : { condition }) };
}
