import type { ConnectionSpec } from "../../../crds/kinds/connection.ts";
import type { PipelineSource, PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { Revision } from "../observed.ts";

/** A source and how to reach it, as the pods of a revision would. */
export interface ProbedSource {
  readonly source: PipelineSource;
  readonly connection: { readonly name: string; readonly spec: ConnectionSpec };
}

/** What the operator would look at while no pod runs; null where the source is no Kafka. */
export function probedSourceOf({ content }: Revision): ProbedSource | null {
  const { source } = content.spec as PipelineSpec;
  const name = source.kafka?.connection;
  const connection = content.connections.find((each) => each.name === name);
  return name === undefined || connection === undefined
    ? null
    : { source, connection: { name, spec: connection.spec as ConnectionSpec } };
}

/** Whether the operator can look at it: at Kafka, with what Secrets hold, but not with a pod's own identity. */
export function isProbeable(revision: Revision): boolean {
  const { kafka } = probedSourceOf(revision)?.connection.spec ?? {};
  return kafka !== undefined && kafka.sasl?.awsMskIam === undefined && kafka.sasl?.oauthBearer?.tokenFile === undefined;
}
