import type { NeighbourConnection, NeighbourPipeline, Neighbours } from "../../../operator/webhook/neighbours.ts";
import { validate } from "../../../crds/validate.ts";
import { pipelineWith } from "../compile/pipeline-spec.ts";

/** A right Pipeline in a namespace, as the API server stores it: with its defaults. */
export function storedPipeline(
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  sql = "SELECT * FROM source",
): NeighbourPipeline {
  const { metadata, ...rest } = pipelineWith(sql, spec);
  const { resource, problems } = validate({ ...rest, metadata: { ...metadata, name, namespace: "shop" } });
  if (resource === null) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return resource as unknown as NeighbourPipeline;
}

/** A Connection in a namespace. */
export function storedConnection(name: string, spec: unknown = { kafka: { brokers: ["kafka:9092"] } }): NeighbourConnection {
  const metadata = { name, namespace: "shop" };
  return { apiVersion: "snowline.dev/v1alpha1", kind: "Connection", metadata, spec: spec as NeighbourConnection["spec"] };
}

/** What is there: in the stores, and besides it what only the API server knows yet. */
export function neighbours({
  pipelines = [],
  connections = [storedConnection("events")],
  unseen = [],
}: {
  readonly pipelines?: readonly NeighbourPipeline[];
  readonly connections?: readonly NeighbourConnection[];
  readonly unseen?: readonly NeighbourConnection[];
}): Neighbours {
  const find = (among: readonly NeighbourConnection[], key: { namespace: string; name: string }) =>
    among.find(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace) ?? null;
  return {
    pipelines: { list: () => pipelines },
    connections: { list: () => connections, get: (key) => find(connections, key) },
    readConnection: async (key) => find([...unseen, ...connections], key),
  };
}
