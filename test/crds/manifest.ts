import { parsePath } from "../../crds/path.ts";

type Fields = { [name: string]: unknown };

const events: Fields = {
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Connection",
  metadata: { name: "events" },
  spec: { kafka: { brokers: ["kafka-0.kafka:9093"] } },
};

const orders: Fields = {
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "orders" },
  spec: {
    source: { kafka: { connection: "events", topics: ["orders"], format: { json: { columns: { order_id: "VARCHAR" } } } } },
    sink: { duckdb: { path: "orders.duckdb", table: "orders" } },
  },
};

/** A manifest that differs from a good one in these fields; undefined removes one. */
export interface Change {
  readonly title: string;
  readonly of?: "Pipeline" | "Connection";
  readonly set: Readonly<Record<string, unknown>>;
}
/** `wrong`: message by path, all that has to be reported. */
export interface Mistake extends Change {
  readonly wrong: Readonly<Record<string, string>>;
}

/** The manifest of a change. */
export function manifest({ of, set }: Change): Fields {
  const top = structuredClone(of === "Connection" ? events : orders);
  for (const [text, value] of Object.entries(set)) {
    const path = parsePath(text);
    let inside = top;
    for (const step of path.slice(0, -1)) inside = (inside[step] ??= {}) as Fields;
    const last = String(path.at(-1));
    if (value === undefined) delete inside[last];
    else inside[last] = structuredClone(value);
  }
  return top;
}

/** Makes the source one of files. */
export const files = {
  "spec.source.kafka": undefined,
  "spec.source.files": { paths: ["in/*.csv"], format: { csv: { columns: { a: "INTEGER" } } } },
};

/** Makes the sink a table in Snowflake. */
export const snowflakeSink = {
  "spec.sink": { snowflake: { connection: "warehouse", database: "ANALYTICS", table: "ORDERS" } },
};

/** Makes the Connection one to a Snowflake account. */
export const snowflakeConnection = {
  "spec.kafka": undefined,
  "spec.snowflake": {
    account: "myorg-myaccount",
    user: "SNOWLINE",
    role: "LOADER",
    warehouse: "LOAD_XS",
    auth: { keyPair: { privateKeyFrom: { secret: "snowflake-key", key: "rsa_key.p8" } } },
  },
};

/** SCRAM without a user name. */
export const scram = { mechanism: "SCRAM-SHA-512", passwordFrom: { secret: "user", key: "password" } };
