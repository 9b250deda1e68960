import type { PipelineDeadLetter, PipelineSink, PipelineSource } from "../crds/kinds/pipeline.ts";
import type { Load } from "../crds/load.ts";
import type { ComponentContext } from "./component/context.ts";
import type { DeadLetters } from "./component/dead-letters.ts";
import type { Format } from "./component/record.ts";
import type { Sink } from "./component/sink.ts";
import type { Source } from "./component/source.ts";

// Every component has one line here, under its name in the manifest. A member of the schema without a line does not compile.
// Loaded when asked for: a client library that a pipeline does not use would cost it half a second at its start.
type NameIn<Spec> = Spec extends unknown ? keyof Spec : never;
type MemberOf<Spec> = NonNullable<Spec[NameIn<Spec> & keyof Spec]>;
type Registry<Spec, Opened, More extends readonly unknown[]> = {
  readonly [Name in NameIn<Spec>]: (spec: NonNullable<Spec[Name & keyof Spec]>, ...more: More) => Promise<Opened>;
};

const sources: Registry<PipelineSource, Source, [format: Format, context: ComponentContext]> = {
  files: async (...args) => (await import("./sources/files/files-source.ts")).openFilesSource(...args),
  kafka: async (...args) => (await import("./sources/kafka/kafka-source.ts")).openKafkaSource(...args),
};

const sinks: Registry<PipelineSink, Sink, [context: ComponentContext]> = {
  duckdb: async (...args) => (await import("./sinks/duckdb/duckdb-sink.ts")).openDuckdbSink(...args),
  files: async (...args) => (await import("./sinks/files/files-sink.ts")).openFilesSink(...args),
  snowflake: async (...args) => (await import("./sinks/snowflake/snowflake-sink.ts")).openSnowflakeSink(...args),
};

const deadLetters: Registry<PipelineDeadLetter, DeadLetters | null, [context: ComponentContext]> = {
  files: async (...args) => (await import("./dead-letters/files/files-dead-letters.ts")).openFilesDeadLetters(...args),
  kafka: async (...args) => (await import("./dead-letters/kafka/kafka-dead-letters.ts")).openKafkaDeadLetters(...args),
  stop: async () => null,
};

/** Opens the one source that is set. */
export function openSource(spec: PipelineSource, format: Format, context: ComponentContext): Promise<Source> {
  const [name, member] = theMember<PipelineSource>(spec);
  return (sources[name] as (spec: unknown, format: Format, context: ComponentContext) => Promise<Source>)(
    member,
    format,
    context,
  );
}

/** Opens the one sink that is set. */
export function openSink(spec: PipelineSink, context: ComponentContext): Promise<Sink> {
  const [name, member] = theMember<PipelineSink>(spec);
  return (sinks[name] as (spec: unknown, context: ComponentContext) => Promise<Sink>)(member, context);
}

/** Opens the one destination that is set; null where the pipeline is to stop instead. */
export function openDeadLetters(spec: PipelineDeadLetter, context: ComponentContext): Promise<DeadLetters | null> {
  const [name, member] = theMember<PipelineDeadLetter>(spec);
  return (deadLetters[name] as (spec: unknown, context: ComponentContext) => Promise<DeadLetters | null>)(member, context);
}

/** When the sink wants a batch. */
export function loadOf({ duckdb, files, snowflake }: PipelineSink): Load {
  if (snowflake === undefined) return (duckdb ?? files).load;
  const { copy, streaming, snowpipe } = snowflake.load;
  return copy ?? streaming ?? snowpipe;
}

function theMember<Spec extends object>(spec: Spec): [NameIn<Spec>, MemberOf<Spec>] {
  const [entry] = Object.entries(spec).filter(([, member]) => member !== undefined);
  if (entry === undefined) throw new Error("one-of: no member is set");
  return entry as [NameIn<Spec>, MemberOf<Spec>];
}
