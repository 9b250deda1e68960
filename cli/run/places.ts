import { dirname, relative, resolve } from "node:path";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";

type Spec = Pipeline["spec"];
/** What it is, and where. */
export type Place = readonly [name: string, place: string];

/** A path as the user would type it: relative inside the directory the command runs in, else absolute. */
export function shownPath(path: string, directory: string): string {
  const short = relative(directory, path);
  return short === "" || short.startsWith("..") ? path : short;
}

/** Where records come from, in a few words. */
export function sourceText({ source }: Spec): string {
  if (source.kafka !== undefined) {
    const { topics, topicPattern } = source.kafka;
    return topics === undefined ? `topics /${topicPattern}/` : `topic${topics.length === 1 ? "" : "s"} ${topics.join(", ")}`;
  }
  return source.files.paths.join(", ");
}

/** Where rows go, in a few words. */
export function sinkText({ sink }: Spec): string {
  if (sink.duckdb !== undefined) return `table ${sink.duckdb.schema}.${sink.duckdb.table}`;
  if (sink.files !== undefined) return "Parquet files";
  const { database, schema, table } = sink.snowflake;
  return `table ${database}.${schema}.${table}`;
}

/** Where the rows are, on this machine or elsewhere; `manifest` is the absolute path of the pipeline's file. */
export function sinkPlace({ sink }: Spec, manifest: string, shown: (path: string) => string): Place {
  const place = (path: string): string => shown(resolve(dirname(manifest), path));
  if (sink.duckdb !== undefined) return ["database", place(sink.duckdb.path)];
  if (sink.files !== undefined) return ["files", `${place(sink.files.directory)}/*.parquet`];
  return ["account", `Snowflake (Connection ${sink.snowflake.connection})`];
}

/** Where the rejected records are, likewise; null where they stop the pipeline. */
export function deadLetterPlace({ deadLetter }: Spec, manifest: string, shown: (path: string) => string): Place | null {
  if (deadLetter.kafka !== undefined) return ["dead letters", `topic ${deadLetter.kafka.topic}`];
  return deadLetter.files === undefined ? null : ["dead letters", shown(resolve(dirname(manifest), deadLetter.files.directory))];
}
