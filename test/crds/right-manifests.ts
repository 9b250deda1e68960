import { type Change, files, scram, snowflakeConnection, snowflakeSink } from "./manifest.ts";

const kafka = "spec.source.kafka";

/** Manifests that the API server takes. */
export const right: readonly Change[] = [
  { title: "the least there can be", set: {} },
  { title: "a topic pattern", set: { [`${kafka}.topics`]: undefined, [`${kafka}.topicPattern`]: "orders-[a-z]+" } },
  { title: "a time to start from", set: { [`${kafka}.startFrom`]: "2026-01-31T00:00:00+02:00" } },
  { title: "fractions of a time to start from", set: { [`${kafka}.startFrom`]: "2026-01-31T00:00:00.125Z" } },
  { title: "files", set: files },
  {
    title: "files without a header line",
    set: { ...files, "spec.source.files.format.csv": { columns: { a: "INTEGER" }, header: false, fields: ["a"] } },
  },
  {
    title: "a tab between fields",
    set: { ...files, "spec.source.files.format.csv": { columns: { a: "INTEGER" }, delimiter: "\t" } },
  },
  {
    title: "CSV in Kafka",
    set: { [`${kafka}.format`]: { csv: { columns: { a: "INTEGER", b: "VARCHAR" }, fields: ["b", "a"] } } },
  },
  { title: "a whole JSON value", set: { [`${kafka}.format`]: { json: {} } } },
  {
    title: "Avro of a registry",
    set: { [`${kafka}.format`]: { avro: { registry: { connection: "schemas" }, columns: { a: "INTEGER" } } } },
  },
  { title: "upsert", set: { "spec.sink.duckdb.mode": { upsert: { key: ["order_id"] } } } },
  { title: "bytes as a number", set: { "spec.sink.duckdb.load": { upToBytes: 1_000_000 } } },
  { title: "bytes with a fraction", set: { "spec.sink.duckdb.load": { upToBytes: "1.5Mi" } } },
  { title: "dead letters in Kafka", set: { "spec.deadLetter": { kafka: { connection: "events", topic: "orders.dead" } } } },
  { title: "a table in Snowflake", set: snowflakeSink },
  { title: "many pods into Snowflake", set: { ...snowflakeSink, "spec.scaling": { max: 12 } } },
  {
    title: "an upsert with deletions by COPY",
    set: {
      ...snowflakeSink,
      "spec.sink.snowflake.mode": { upsert: { key: ["order_id"], deleteWhen: "deleted" } },
      "spec.sink.snowflake.load": { copy: { everySeconds: 60, upToBytes: "256Mi" } },
    },
  },
  {
    title: "a table whose name has to be quoted, loaded by streaming",
    set: {
      ...snowflakeSink,
      "spec.sink.snowflake.table": '"Orders ""2026"""',
      "spec.sink.snowflake.load": { streaming: { onRejectedRows: "deadLetter", pipe: "P" } },
    },
  },
  {
    title: "a pipe that the cloud's notifications start",
    set: { ...snowflakeSink, "spec.sink.snowflake.load": { snowpipe: { stage: 'RAW."lake".FILES', autoIngest: true } } },
  },
  { title: "one pod", set: { "spec.replicas": 1 } },
  { title: "scaling", set: { "spec.sink": { files: { directory: "out" } }, "spec.scaling": { max: 12 } } },
  { title: "no pod", set: { "spec.replicas": 0, "spec.suspend": true } },
  { title: "an empty transform", set: { "spec.transform": {} } },
  {
    title: "nulls, which count as absent",
    set: {
      "spec.transform": null,
      [`${kafka}.startFrom`]: null,
      "spec.replicas": null,
      [`${kafka}.format.json.columns.gone`]: null,
    },
  },
  {
    title: "a lookup",
    set: {
      "spec.transform": { lookups: { rates: { http: { url: "https://rates.example/latest.json", columns: { a: "VARCHAR" } } } } },
    },
  },
  { title: "labels and a namespace", set: { "metadata.namespace": "shop", "metadata.labels": { team: "sales" } } },
  {
    title: "what kubectl get shows",
    set: {
      "metadata.uid": "0b6f",
      "metadata.resourceVersion": "17",
      "metadata.generation": 2,
      "metadata.creationTimestamp": "2026-01-31T00:00:00Z",
      "metadata.managedFields": [{ manager: "kubectl", fieldsV1: { "f:spec": {} } }],
      status: { replicas: 1 },
    },
  },
  { title: "a broker", of: "Connection", set: {} },
  { title: "TLS by the public authorities", of: "Connection", set: { "spec.kafka.tls": {} } },
  { title: "SCRAM", of: "Connection", set: { "spec.kafka.sasl": { scram: { ...scram, username: "snowline" } } } },
  { title: "MSK's access control", of: "Connection", set: { "spec.kafka.sasl": { awsMskIam: { region: "eu-central-1" } } } },
  {
    title: "a token file",
    of: "Connection",
    set: { "spec.kafka.sasl": { oauthBearer: { tokenFile: { path: "/var/run/token" } } } },
  },
  { title: "a Snowflake account", of: "Connection", set: snowflakeConnection },
  {
    title: "a Snowflake account by its address, with a programmatic token",
    of: "Connection",
    set: {
      "spec.kafka": undefined,
      "spec.snowflake": { url: "http://localhost:8086", user: "ME", auth: { token: { tokenFrom: { secret: "a", key: "b" } } } },
    },
  },
  {
    title: "a Snowflake account that trusts the workload",
    of: "Connection",
    set: { "spec.kafka": undefined, "spec.snowflake": { account: "myorg-myaccount", auth: { workloadIdentity: {} } } },
  },
  {
    title: "a schema registry",
    of: "Connection",
    set: { "spec.kafka": undefined, "spec.schemaRegistry": { url: "https://schemas:8081" } },
  },
];
