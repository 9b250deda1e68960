import { createHash } from "node:crypto";
import type { PipelineSpec } from "../crds/kinds/pipeline.ts";
import type { TargetColumn } from "../transform/column.ts";
import { compilePipelineSpec, upsertKeyOf } from "../transform/compile-pipeline.ts";
import type { CompiledTransform, SqlProblem, Transformer } from "../transform/compiled.ts";
import { openTransformer } from "../transform/transformer.ts";
import type { ComponentContext } from "./component/context.ts";
import type { DeadLetters } from "./component/dead-letters.ts";
import { Terminal } from "./component/errors.ts";
import type { Format } from "./component/record.ts";
import type { Sink } from "./component/sink.ts";
import type { Source } from "./component/source.ts";
import type { PipelineOptions } from "./engine/run-pipeline.ts";
import { openFormat } from "./formats/open-format.ts";
import { type Limits, planResources } from "./pod/resource-plan.ts";
import { loadOf, openDeadLetters, openSink, openSource } from "./registry.ts";

/** A pipeline's parts, ready to run. Disposing of it closes source, sink and dead letters. */
export interface Assembled extends AsyncDisposable {
  readonly compiled: CompiledTransform;
  /** 12 hex digits that change with what the pipeline does to a record. */
  readonly schemaVersion: string;
  readonly source: Source;
  readonly sink: Sink;
  readonly deadLetters: DeadLetters | null;
  readonly batch: PipelineOptions["batch"];
  readonly rejectedBounds: PipelineOptions["rejectedBounds"];
  openTransformer(target: readonly TargetColumn[], onLookup: (name: string, error: string | null) => void): Promise<Transformer>;
}

/** Where a pipeline is assembled. */
export interface AssembleOptions {
  readonly context: ComponentContext;
  readonly limits: Limits;
  /** Opens another source in place of the spec's, such as the letters of a replay. */
  openSource?(format: Format): Promise<Source>;
}

/** Compiles a pipeline's SQL. Throws Terminal `SpecInvalid` with all that is wrong with it. */
async function compile(spec: PipelineSpec): Promise<CompiledTransform> {
  const compiled = await compilePipelineSpec(spec);
  if (Array.isArray(compiled)) throw invalid(compiled);
  return compiled;
}

/** Opens a pipeline's parts. Throws Terminal for what is wrong with the spec, and NotConnected. What it opened before is closed then. */
export async function assemble(spec: PipelineSpec, { context, limits, ...options }: AssembleOptions): Promise<Assembled> {
  const compiled = await compile(spec);
  // A sink that rejects later keeps a batch until it is loaded.
  const plan = planResources(limits, loadOf(spec.sink), spec.sink.snowflake?.load.streaming === undefined ? 2 : 3);
  await using reading = new AsyncDisposableStack();
  await using writing = new AsyncDisposableStack();
  const { format: formatSpec } = spec.source.kafka ?? spec.source.files;
  const format = await openFormat(formatSpec, compiled.source, context);
  const source = reading.use(await (options.openSource?.(format) ?? openSource(spec.source, format, context)));
  const sink = writing.use(await openSink(spec.sink, context));
  const deadLetters = writing.use(await openDeadLetters(spec.deadLetter, context));
  const ends = [reading.move(), writing.move()];
  return {
    compiled,
    schemaVersion: schemaVersionOf(spec, compiled),
    source,
    sink,
    deadLetters,
    batch: {
      bytesMax: plan.batchBytesMax,
      recordsMax: plan.batchRecordsMax,
      everyMs: loadOf(spec.sink).everySeconds * 1000,
    },
    rejectedBounds: spec.quality?.rejected ?? null,
    openTransformer: (target, onLookup) =>
      openTransformer({
        compiled,
        target,
        upsertKey: upsertKeyOf(spec.sink),
        origins: sink.atomic === "split",
        scratchDirectory: context.scratchDirectory,
        memoryBytes: plan.transformMemoryBytes,
        threads: plan.transformThreads,
        path: (text) => context.path(text),
        now: () => context.now(),
        onLookup,
      }),
    // At once: whoever gets the source's splits next must not wait for what the sink still puts in order.
    [Symbol.asyncDispose]: async () => void (await Promise.all(ends.map((end) => end.disposeAsync()))),
  };
}

/** Digest of what the pipeline does to a record: where it comes from, how it is read, the SQL, where it goes. */
function schemaVersionOf({ source, sink }: PipelineSpec, compiled: CompiledTransform): string {
  return createHash("sha256").update(JSON.stringify({ source, compiled, sink })).digest("hex").slice(0, 12);
}

function invalid(problems: readonly SqlProblem[]): Terminal {
  const texts = problems.map(({ path, message, line, column }) => {
    const place = line === undefined ? "" : ` (line ${line}${column === undefined ? "" : `, column ${column}`})`;
    return `spec.${path}${place}: ${message}`;
  });
  return new Terminal("SpecInvalid", texts.join("; "));
}
