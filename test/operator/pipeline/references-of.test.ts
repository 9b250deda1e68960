import { expect, test } from "vitest";
import { referencesOf } from "../../../operator/pipeline/references-of.ts";
import { orders } from "./orders.ts";

const specs = ({ pipeline, connections }: ReturnType<typeof orders>) =>
  [
    pipeline.spec,
    [...connections.values()].flatMap((connection) =>
      connection === null ? [] : [{ name: connection.metadata.name, spec: connection.spec }],
    ),
  ] as const;

test("each Secret and ConfigMap is there once, with its keys and the fields that name it", () => {
  expect(referencesOf(...specs(orders()))).toEqual([
    { kind: "ConfigMap", name: "kafka-ca", keys: ["ca.crt"], namedBy: ["Connection events: spec.kafka.tls.caFrom"] },
    {
      kind: "Secret",
      name: "snowflake-key",
      keys: ["rsa_key.p8"],
      namedBy: ["Connection warehouse: spec.snowflake.auth.keyPair.privateKeyFrom"],
    },
    {
      kind: "Secret",
      name: "user",
      keys: ["name", "password"],
      namedBy: ["Connection events: spec.kafka.sasl.scram.usernameFrom", "Connection events: spec.kafka.sasl.scram.passwordFrom"],
    },
  ]);
});

test("a key that two fields name is read once", () => {
  const inputs = orders({ events: { "spec.kafka.sasl.scram.usernameFrom": { secret: "user", key: "password" } } });
  expect(referencesOf(...specs(inputs)).find(({ name }) => name === "user")).toMatchObject({ keys: ["password"] });
});

test("a Secret and a ConfigMap of the same name are two", () => {
  const inputs = orders({ events: { "spec.kafka.tls.caFrom": { configMap: "user", key: "ca.crt" } } });
  expect(referencesOf(...specs(inputs)).map(({ kind, name }) => `${kind}/${name}`)).toEqual([
    "ConfigMap/user",
    "Secret/snowflake-key",
    "Secret/user",
  ]);
});
