import { kafkaConnection } from "../connectors/kafka.ts";
import { schemaRegistryConnection } from "../connectors/schema-registry.ts";
import { snowflakeConnection } from "../connectors/snowflake.ts";
import { integer, object, oneOf, optional, type Static } from "../schema.ts";
import { conditions } from "./condition.ts";
import { type Kind, ready, type Resource } from "./kind.ts";

const connectionSpec = oneOf("How to reach a system. Exactly one kind of system.", {
  kafka: kafkaConnection,
  schemaRegistry: schemaRegistryConnection,
  snowflake: snowflakeConnection,
});
export type ConnectionSpec = Static<typeof connectionSpec>;

const connectionStatus = object("Whether the system can be reached.", {
  observedGeneration: optional(integer("Generation of the spec this status is about.", { format: "int64" })),
  conditions: conditions("Ready."),
});

/** How to reach a system. Owned by the platform team; a Pipeline only names it. */
export const connectionKind: Kind = {
  kind: "Connection",
  plural: "connections",
  shortNames: ["conn"],
  categories: ["snowline"],
  description: "Says how to reach a system, with references to the secrets. Pipelines of the same namespace use it by its name.",
  spec: connectionSpec.json,
  status: connectionStatus.json,
  columns: [
    ...ready,
    { name: "Kafka", type: "string", jsonPath: ".spec.kafka.brokers[0]", description: "First bootstrap broker." },
    { name: "Schema registry", type: "string", jsonPath: ".spec.schemaRegistry.url", description: "Base URL." },
    { name: "Snowflake", type: "string", jsonPath: ".spec.snowflake.account", description: "Account identifier." },
  ],
};
/** A Connection that passed its schema. */
export type Connection = Resource<"Connection", ConnectionSpec>;
