import { kafkaConnection } from "../connectors/kafka.ts";
import { schemaRegistryConnection } from "../connectors/schema-registry.ts";
import { oneOf, type Static } from "../schema.ts";

/** `Connection`: how to reach a system. Owned by the platform team; a Pipeline only names it. */
export const connectionSpec = oneOf("How to reach a system. Exactly one kind of system.", {
  kafka: kafkaConnection,
  schemaRegistry: schemaRegistryConnection,
});
export type ConnectionSpec = Static<typeof connectionSpec>;
