import { randomBytes } from "node:crypto";
import { Counter, type Registry } from "prom-client";
import type { PipelineLineage } from "../../crds/kinds/lineage.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import { type ColumnOrigin, columnOrigins } from "../../transform/column-lineage.ts";
import type { CompiledTransform } from "../../transform/compiled.ts";
import type { ComponentContext } from "../component/context.ts";
import type { Clock } from "../engine/clock.ts";
import type { EngineStatus } from "../engine/report.ts";
import type { Summary } from "../engine/run-pipeline.ts";
import { inputsOf, outputOf } from "./dataset.ts";
import { eventPost, type Outcome } from "./event-post.ts";
import { type LineageEvent, type LineageWindow, runEvent } from "./run-event.ts";
import { runId, runIdBytes } from "./run-id.ts";

/** Whose lineage is told, and from what. */
export interface LineageOptions {
  readonly spec: PipelineSpec;
  readonly compiled: Pick<CompiledTransform, "sql" | "source" | "lookups" | "output">;
  readonly context: Pick<ComponentContext, "pipeline" | "connection" | "path" | "secret" | "log">;
  readonly registry: Registry;
  readonly clock: Clock;
  status(): EngineStatus;
}

/**
 * Tells a receiver what a run reads and writes. Disposing of it waits until what was told has arrived: whoever must not wait for a
 * receiver that hangs bounds that.
 */
export interface Lineage extends AsyncDisposable {
  /** Tells that the run begins, how it goes while it does, and how it ended. Answers and throws what the run does. */
  over(run: () => Promise<Summary>): Promise<Summary>;
}

/** Without `spec.lineage` it tells nobody. */
export function lineageOf(options: LineageOptions): Lineage {
  const receiver = options.spec.lineage?.openLineage;
  if (receiver === undefined) return { over: (run) => run(), [Symbol.asyncDispose]: async () => {} };
  const { clock, context, status } = options;
  const { apiKeyFrom } = receiver;
  const events = eventCounter(options.registry);
  const post = eventPost({
    url: receiver.url,
    apiKey: async () => (apiKeyFrom === undefined ? null : context.secret(apiKeyFrom)),
    clock,
    random: Math.random,
    log: context.log,
    onOutcome: (outcome) => events.inc({ outcome }),
  });
  const eventOf = eventMaker(options, receiver);
  const everyMs = receiver.everySeconds * 1000;
  let before: LineageWindow = { recordsRead: 0, rowsLoaded: 0 };
  let running = false;
  let origins: readonly ColumnOrigin[] | null = null;
  /** Resolves once the start is told. */
  let begun = Promise.resolve();
  const tell = (type: LineageEvent["type"], error: string | null = null): void => {
    const now = countsOf(status());
    const window = { recordsRead: now.recordsRead - before.recordsRead, rowsLoaded: now.rowsLoaded - before.rowsLoaded };
    // A window in which nothing came is nothing to wake a receiver for.
    if (type === "RUNNING" && window.recordsRead === 0) return;
    if (type !== "START") before = now;
    running = type === "START" || type === "RUNNING";
    post.post(eventOf(type, { window: type === "START" ? null : window, error, origins }));
  };
  const begin = async (): Promise<void> => {
    origins = await originsOf(options);
    tell("START");
  };
  const over = async (run: () => Promise<Summary>): Promise<Summary> => {
    // The run does not wait for it.
    begun = begin();
    let cancel = (): void => {};
    const turn = (): void => {
      if (running) tell("RUNNING");
      cancel = clock.after(everyMs, turn);
    };
    cancel = clock.after(everyMs, turn);
    try {
      const summary = await run();
      await begun;
      if (running) tell(...endOf(summary));
      return summary;
    } catch (error) {
      await begun;
      if (running) tell("FAIL", error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      cancel();
    }
  };
  const dispose = async (): Promise<void> => {
    await begun;
    // Nobody waited for the run's end.
    if (running) tell("ABORT");
    await post.settled();
    post[Symbol.dispose]();
  };
  return { over, [Symbol.asyncDispose]: dispose };
}

/** What cannot be derived is left out: the rest is true without it. */
async function originsOf({ compiled, context }: LineageOptions): Promise<readonly ColumnOrigin[] | null> {
  try {
    return await columnOrigins(compiled);
  } catch (error) {
    context.log.debug({ error }, "lineage of columns not derived");
    return null;
  }
}

function endOf({ endedBy, drained, condition }: Summary): [LineageEvent["type"], string | null] {
  if (endedBy === "failed") return ["FAIL", condition?.message ?? "the pipeline stopped"];
  return [drained ? "COMPLETE" : "ABORT", null];
}

function countsOf({ totals }: EngineStatus): LineageWindow {
  return { recordsRead: totals.recordsLoaded + totals.recordsSkipped, rowsLoaded: totals.rowsLoaded };
}

/** Makes the events of one run. */
function eventMaker(
  { spec, compiled, context, clock, status }: LineageOptions,
  receiver: PipelineLineage["openLineage"],
): (type: LineageEvent["type"], what: Pick<LineageEvent, "window" | "error" | "origins">) => object {
  const { namespace, name } = context.pipeline;
  const id = runId(clock.now(), randomBytes(runIdBytes));
  const job = {
    namespace: receiver.namespace ?? `snowline://${namespace}`,
    name,
    sql: compiled.sql,
    windowSeconds: receiver.everySeconds,
  };
  const output = outputOf(spec, context);
  const columns = { input: compiled.source, output: compiled.output };
  return (type, what) => {
    const topics = status().splits.map(({ topic }) => topic);
    const inputs = inputsOf(spec, topics, context);
    return runEvent({ type, atMs: clock.now(), runId: id, job, inputs, output, columns, ...what });
  };
}

function eventCounter(registry: Registry): Counter<"outcome"> {
  const counter = new Counter({
    name: "snowline_lineage_events_total",
    help: "OpenLineage events that the receiver took (sent), and those given up (dropped).",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const outcome of ["sent", "dropped"] satisfies Outcome[]) counter.inc({ outcome }, 0);
  return counter;
}
