import type { Connection } from "../../../crds/kinds/connection.ts";
import type { Pipeline } from "../../../crds/kinds/pipeline.ts";
import { validate } from "../../../crds/validate.ts";
import { connectionsOf } from "../../../crds/validate-connections.ts";
import type { LiveConnection, LivePipeline, Reference, Revision } from "../../../operator/pipeline/observed.ts";
import type { OperatorSettings } from "../../../operator/pipeline/plan.ts";
import { referencesOf } from "../../../operator/pipeline/references-of.ts";
import { type RevisionInputs, revisionOf } from "../../../operator/pipeline/revision.ts";
import { manifest, scram, snowflakeConnection, snowflakeSink } from "../../crds/manifest.ts";

/** What the operator of these tests was started with. */
export const settings: OperatorSettings = {
  runtimeImage: "registry.example/snowline/runtime:0.1.0",
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: [],
  rolloutDeadlineSeconds: 600,
  scaleToZero: true,
};

/** Fields of the Pipeline and of the Connections that are other than usual, and where it lives. */
export interface OrdersOptions {
  readonly namespace?: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly events?: Readonly<Record<string, unknown>>;
  readonly warehouse?: Readonly<Record<string, unknown>>;
  readonly metadata?: Partial<LivePipeline["metadata"]>;
  /** Versions of Secrets and ConfigMaps by `kind/name`; null: not there. */
  readonly versions?: Readonly<Record<string, string | null>>;
}

/** A pipeline from Kafka into Snowflake, as the API server has it: with Secrets, a ConfigMap and two Connections. */
export function orders({ namespace = "shop", ...options }: OrdersOptions = {}): RevisionInputs {
  const pipeline = live(manifest({ title: "", set: { ...snowflakeSink, ...options.set } })) as Pipeline;
  const events = live(
    manifest({
      title: "",
      of: "Connection",
      set: {
        "spec.kafka.tls": { caFrom: { configMap: "kafka-ca", key: "ca.crt" } },
        "spec.kafka.sasl": { scram: { ...scram, usernameFrom: { secret: "user", key: "name" } } },
        ...options.events,
      },
    }),
  ) as Connection;
  const warehouse = live(
    manifest({
      title: "",
      of: "Connection",
      set: { "metadata.name": "warehouse", ...snowflakeConnection, ...options.warehouse },
    }),
  ) as Connection;
  const connections = [events, warehouse].map((connection, index): LiveConnection => {
    const { name } = connection.metadata;
    return { ...connection, metadata: { name, namespace, uid: `connection-${index}`, generation: 1 } };
  });
  const references = referencesOf(
    pipeline.spec,
    connections
      .filter(({ metadata }) => connectionsOf(pipeline).includes(metadata.name))
      .map(({ metadata, spec }) => ({ name: metadata.name, spec })),
  ).map(({ kind, name, keys }): Reference => {
    const version = options.versions?.[`${kind}/${name}`];
    return { kind, name, keys, version: version === undefined ? `${name}-uid/1` : version };
  });
  return {
    pipeline: { ...pipeline, metadata: { name: "orders", namespace, uid: "pipeline-uid", generation: 1, ...options.metadata } },
    connections: new Map(connections.map((connection) => [connection.metadata.name, connection])),
    references,
  };
}

/** Its revision. Throws where there can be none. */
export function ordersRevision(options: OrdersOptions = {}): Revision {
  const { revision, problems } = revisionOf(orders(options), settings);
  if (revision === null) throw new Error(texts(problems).join("\n"));
  return revision;
}

/** `path: message` of each. */
export const texts = (problems: readonly { readonly path: string; readonly message: string }[]): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);

function live(given: object): Pipeline | Connection {
  const { resource, problems } = validate(given);
  if (resource === null) throw new Error(texts(problems).join("\n"));
  return resource;
}
