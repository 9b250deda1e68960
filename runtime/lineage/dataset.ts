import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import type { ComponentContext } from "../component/context.ts";
import { identifier } from "../snowflake/identifiers.ts";

/** A dataset's name as OpenLineage wants it, so that every tool means the same one: https://openlineage.io/docs/spec/naming */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
}

type Place = Pick<ComponentContext, "connection" | "path">;

/** Datasets that are named in an event: a pattern may fit more topics, or an owner list more paths. */
const inputsMax = 100;

/** What the pipeline reads. `topics`: those that it has open; the manifest's where it names them. */
export function inputsOf({ source }: PipelineSpec, topics: readonly string[], place: Place): readonly Dataset[] {
  if (source.kafka === undefined)
    return source.files.paths.slice(0, inputsMax).map((path) => ({ namespace: "file", name: place.path(path) }));
  const { brokers } = place.connection(source.kafka.connection).kafka!;
  // The first: a name has to stay the same, whichever broker answers.
  const namespace = `kafka://${brokers[0]}`;
  const names = source.kafka.topics ?? [...new Set(topics)].toSorted();
  return names.slice(0, inputsMax).map((name) => ({ namespace, name }));
}

/** Where the rows go. */
export function outputOf({ sink }: PipelineSpec, place: Place): Dataset {
  if (sink.files !== undefined) return { namespace: "file", name: place.path(sink.files.directory) };
  if (sink.duckdb !== undefined) {
    const { path, schema, table } = sink.duckdb;
    return { namespace: `duckdb://${place.path(path)}`, name: `${schema}.${table}` };
  }
  const { connection, database, schema, table } = sink.snowflake;
  const { account, url } = place.connection(connection).snowflake!;
  return {
    namespace: `snowflake://${account ?? accountIn(url!)}`,
    name: [database, schema, table].map(identifier).join("."),
  };
}

/** `myorg-myaccount` of an account's address, private link or not; the host and port of any other server. */
function accountIn(url: string): string {
  const { host } = new URL(url);
  return host.replace(/(\.privatelink)?\.snowflakecomputing\.(com|cn)$/, "");
}
