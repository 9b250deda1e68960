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
export const sinkText = ({ sink }: Spec): string =>
  sink.duckdb === undefined ? "Parquet files" : `table ${sink.duckdb.schema}.${sink.duckdb.table}`;

/** Where the rows are on this machine; `manifest` is the absolute path of the pipeline's file. */
export function sinkPlace({ sink }: Spec, manifest: string, shown: (path: string) => string): Place {
  const place = (path: string): string => shown(resolve(dirname(manifest), path));
  return sink.duckdb === undefined
    ? ["files", `${place(sink.files.directory)}/*.parquet`]
    : ["database", place(sink.duckdb.path)];
}

/** Where the rejected records are, likewise; null where they stop the pipeline. */
export function deadLetterPlace({ deadLetter }: Spec, manifest: string, shown: (path: string) => string): Place | null {
  if (deadLetter.kafka !== undefined) return ["dead letters", `topic ${deadLetter.kafka.topic}`];
  return deadLetter.files === undefined ? null : ["dead letters", shown(resolve(dirname(manifest), deadLetter.files.directory))];
}
