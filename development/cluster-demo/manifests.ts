import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type DemoPlace, secrets } from "./place.ts";

/** The namespace of the demo's pipeline. */
export const demoNamespace = "demo";

/** The namespace, the Connections that examples/flights-to-snowflake.yaml names, and the Secret of the warehouse, as one YAML text. */
export async function surroundings({ bootstrap, warehouseUrl }: DemoPlace): Promise<string> {
  const token = await readFile(join(secrets, "warehouse", "token"), "utf8");
  const connection = (name: string, spec: object) => ({
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Connection",
    metadata: { name, namespace: demoNamespace },
    spec,
  });
  const objects = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: demoNamespace } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "warehouse", namespace: demoNamespace },
      stringData: { token: token.trim() },
    },
    connection("local", { kafka: { brokers: bootstrap.split(",") } }),
    connection("warehouse", {
      snowflake: {
        url: warehouseUrl,
        user: "SNOWLINE",
        warehouse: "COMPUTE_WH",
        auth: { token: { tokenFrom: { secret: "warehouse", key: "token" } } },
      },
    }),
  ];
  return objects.map((object) => stringify(object)).join("---\n");
}
