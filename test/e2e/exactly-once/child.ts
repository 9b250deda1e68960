// One life of a pipeline: waits to be told what to run and when to die, so that its start-up is over by then.
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { pino } from "pino";
import { Registry } from "prom-client";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { type Assembled, assemble } from "../../../runtime/assemble.ts";
import { runAssembled } from "../../../runtime/run-assembled.ts";
import { type GivenProcess, processContext } from "../../runtime/process-context.ts";
import { Executioner, type Failpoint } from "./failpoint.ts";

/** What a life runs, and when it dies. */
export interface Life extends GivenProcess {
  readonly spec: PipelineSpec;
  readonly failpoint: Failpoint | null;
  readonly until: "stopped" | "caughtUp";
  /** Bounds below what a manifest allows, so that a small topic makes many batches. */
  readonly batch: { readonly everyMs: number; readonly recordsMax: number };
}
/** What a life tells: that it can begin, and how it ended by itself. */
export type LifeReport =
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly endedBy: string; readonly message?: string };

const pipeline = { namespace: "test", name: "small" };
const report = (message: LifeReport): void => void process.send?.(message);

async function live(life: Life, stop: AbortSignal): Promise<void> {
  await mkdir(life.scratchDirectory, { recursive: true });
  const log = pino({ level: "warn" }, pino.destination({ dest: 2, sync: true }));
  const assembled = await assemble(life.spec, {
    context: processContext(life, { pipeline, log }),
    limits: { memoryBytes: 1024 * 2 ** 20, cpus: availableParallelism() },
  });
  const parts = { ...(await watched(assembled, life.failpoint)), batch: { ...assembled.batch, ...life.batch } };
  const { run } = runAssembled(parts, {
    pipeline,
    until: life.until,
    registry: new Registry(),
    log,
    signal: stop,
    graceMs: 20_000,
  });
  const { endedBy, condition } = await run();
  await assembled[Symbol.asyncDispose]();
  report({ kind: "ended", endedBy, ...(condition === undefined ? {} : { message: condition.message }) });
}

/** The same parts, their effects watched. */
async function watched(assembled: Assembled, failpoint: Failpoint | null): Promise<Assembled> {
  if (failpoint === null) return assembled;
  const { sink, deadLetters } = assembled;
  const executioner = await Executioner.start(failpoint);
  const dispose = async (): Promise<void> => {};
  return {
    ...assembled,
    sink: {
      atomic: sink.atomic ?? "batch",
      rejectsLater: sink.rejectsLater ?? false,
      prepare: (columns) => executioner.watch("prepare", () => sink.prepare(columns)),
      restore: (splits) => executioner.watch("restore", () => sink.restore(splits)),
      write: (rows, moves) => executioner.watch("write", () => sink.write(rows, moves)),
      [Symbol.asyncDispose]: dispose,
    },
    deadLetters:
      deadLetters === null
        ? null
        : { write: (letters) => executioner.watch("letters", () => deadLetters.write(letters)), [Symbol.asyncDispose]: dispose },
  };
}

// A life that nobody waits for is over.
process.once("disconnect", () => process.exit());
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
for (const module of process.argv.slice(2)) await import(module);
report({ kind: "ready" });
const [life] = (await once(process, "message")) as [Life];
await live(life, stop.signal);
process.disconnect();
