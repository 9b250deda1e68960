// A pod's process that tells how far it has read each partition, many times a second.
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { assemble } from "../../../runtime/assemble.ts";
import { type GivenProcess, processContext } from "../../runtime/process-context.ts";
import { runAssembled } from "../../../runtime/run-assembled.ts";

/** What a pod runs. */
export interface Work extends Omit<GivenProcess, "scratchDirectory"> {
  readonly name: string;
  readonly spec: PipelineSpec;
}

/** `offset` of null: the pod is ready, or has ended. */
export interface Told {
  readonly split: string;
  readonly offset: number | null;
}

/** What a stall is measured to, in milliseconds. */
const sampleMs = 20;

async function work(given: Work, stop: AbortSignal): Promise<void> {
  const { name, spec, directory } = given;
  const scratchDirectory = resolve(directory, "scratch");
  await mkdir(scratchDirectory, { recursive: true });
  const log = pino({ level: "warn" }, pino.destination({ dest: 2, sync: true }));
  const pipeline = { namespace: "bench", name };
  const assembled = await assemble(spec, {
    context: processContext({ ...given, scratchDirectory }, { pipeline, log }),
    limits: { memoryBytes: 1024 * 2 ** 20, cpus: availableParallelism() },
  });
  const told = new Map<string, number>();
  const sampling = setInterval(() => {
    for (const { split, at } of assembled.source.progress()) {
      if (told.get(split) === at) continue;
      told.set(split, at);
      process.send?.({ split, offset: at } satisfies Told);
    }
  }, sampleMs);
  const { run } = runAssembled(assembled, {
    pipeline,
    until: "stopped",
    registry: new Registry(),
    log,
    signal: stop,
    graceMs: 120_000,
  });
  await run();
  clearInterval(sampling);
  await assembled[Symbol.asyncDispose]();
}

process.once("disconnect", () => process.exit());
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.send?.({ split: "", offset: null } satisfies Told);
const [given] = (await once(process, "message")) as [Work];
await work(given, stop.signal);
process.disconnect();
