import { object, optional, type Static } from "../schema.ts";
import { secretReference, valueReference } from "../secret-reference.ts";
import { httpUrl } from "../url.ts";

export const schemaRegistryConnection = object(
  "A schema registry with Confluent's REST API (also Apicurio's `/apis/ccompat/v7`, Karapace).",
  {
    url: httpUrl("Base URL."),
    caFrom: optional(valueReference("PEM certificates of the authorities to trust")),
    basicAuth: optional(
      object("HTTP basic authentication.", {
        usernameFrom: secretReference("The user name"),
        passwordFrom: secretReference("The password"),
      }),
    ),
  },
);
export type SchemaRegistryConnection = Static<typeof schemaRegistryConnection>;
