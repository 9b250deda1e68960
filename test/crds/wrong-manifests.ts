import { files, type Mistake, scram, snowflakeConnection, snowflakeSink } from "./manifest.ts";

const kafka = "spec.source.kafka";

/** Manifests that the API server refuses, but for what it does not tell at once. */
export const wrong: readonly Mistake[] = [
  // Structure.
  {
    title: "a misspelt field",
    set: { [`${kafka}.topics`]: undefined, [`${kafka}.topcs`]: ["orders"] },
    wrong: { [`${kafka}.topcs`]: "unknown field: did you mean topics?" },
  },
  {
    title: "a misspelt member of a one-of",
    set: { "spec.sink": { duckbd: { path: "a", table: "b" } } },
    wrong: { "spec.sink.duckbd": "unknown field: did you mean duckdb?" },
  },
  {
    title: "an unknown field that resembles none",
    set: { "spec.sink": { type: "duckdb" } },
    wrong: {
      "spec.sink.type": "unknown field: known here are duckdb, files, snowflake",
      "spec.sink": "set exactly one of: duckdb, files, snowflake",
    },
  },
  {
    title: "a field of an object without fields",
    set: { "spec.deadLetter": { stop: { after: 10 } } },
    wrong: { "spec.deadLetter.stop.after": "unknown field: none is known here" },
  },
  { title: "an unknown field at the top", set: { specs: {} }, wrong: { specs: "unknown field: did you mean spec?" } },
  {
    title: "an unknown field of metadata",
    set: { "metadata.label": { a: "b" } },
    wrong: { "metadata.label": "unknown field: did you mean labels?" },
  },
  {
    title: "a password where only a reference may be",
    of: "Connection",
    set: { "spec.kafka.sasl": { scram: { ...scram, username: "snowline", password: "hunter2" } } },
    wrong: { "spec.kafka.sasl.scram.password": "unknown field: did you mean passwordFrom?" },
  },
  {
    title: "a password instead of a reference",
    of: "Connection",
    set: { "spec.kafka.sasl": { plain: { username: "snowline", passwordFrom: "hunter2" } } },
    wrong: { "spec.kafka.sasl.plain.passwordFrom": "must be an object with secret, key, not a string" },
  },
  {
    title: "no spec",
    set: { spec: undefined },
    wrong: { spec: "is required: From a source through one SQL statement into a table, each record exactly once" },
  },
  {
    title: "two missing fields",
    set: { [`${kafka}.connection`]: undefined, "spec.sink.duckdb.table": undefined },
    wrong: {
      [`${kafka}.connection`]: "is required: Name of the Connection with `kafka`, of the same namespace",
      "spec.sink.duckdb.table": "is required: Table",
    },
  },
  {
    title: "an empty required field",
    set: { "spec.sink.duckdb.table": null },
    wrong: { "spec.sink.duckdb.table": "is empty, but required: Table" },
  },
  {
    title: "a source that is left out",
    set: { "spec.source": undefined },
    wrong: { "spec.source": "is required: Where records come from" },
  },
  // Types.
  {
    title: "a string for a list",
    set: { [`${kafka}.topics`]: "orders" },
    wrong: { [`${kafka}.topics`]: "must be a list, not a string: put it in [ ]" },
  },
  {
    title: "a number in quotes",
    set: { "spec.replicas": "1" },
    wrong: { "spec.replicas": '"1" is a string, must be an integer: write it without quotes' },
  },
  {
    title: "a word for a number",
    set: { "spec.replicas": "one" },
    wrong: { "spec.replicas": '"one" is a string, must be an integer: write it in digits' },
  },
  {
    title: "a fraction of a pod",
    set: { "spec.replicas": 0.5 },
    wrong: { "spec.replicas": "0.5 is a number, must be an integer: write a whole number" },
  },
  {
    title: "a boolean for a name",
    set: { "spec.sink.duckdb.table": false },
    wrong: { "spec.sink.duckdb.table": "false is a boolean, must be a string: write it in quotes" },
  },
  {
    title: "a string for a boolean",
    set: { "spec.suspend": "true" },
    wrong: { "spec.suspend": '"true" is a string, must be true or false: write true or false, without quotes' },
  },
  {
    title: "a list for an object",
    set: { "spec.transform": ["SELECT 1"] },
    wrong: { "spec.transform": "must be an object with sql, lookups, not a list" },
  },
  {
    title: "an object for a string",
    set: { "spec.sink.duckdb.path": { file: "x" } },
    wrong: { "spec.sink.duckdb.path": "must be a string, not an object" },
  },
  {
    title: "a nested column",
    set: { [`${kafka}.format.json.columns`]: { customer: { id: "VARCHAR" } } },
    wrong: { [`${kafka}.format.json.columns.customer`]: "must be a string, not an object" },
  },
  {
    title: "an empty item",
    set: { [`${kafka}.topics`]: ["orders", null] },
    wrong: { [`${kafka}.topics[1]`]: "must be a string, not empty" },
  },
  {
    title: "a fraction of bytes",
    set: { "spec.sink.duckdb.load": { upToBytes: 1.5 } },
    wrong: { "spec.sink.duckdb.load.upToBytes": "1.5 is a number, must be an integer or a string: write bytes, such as 64Mi" },
  },
  {
    title: "half a CPU, as a number",
    set: { "spec.pod": { resources: { limits: { cpu: 0.5 } } } },
    wrong: { "spec.pod.resources.limits.cpu": "0.5 is a number, must be an integer or a string: write it in quotes" },
  },
  // Bounds.
  {
    title: "a misspelt choice",
    set: { [`${kafka}.tombstones`]: "skipp" },
    wrong: { [`${kafka}.tombstones`]: '"skipp" is not one of skip, keep, reject: did you mean skip?' },
  },
  {
    title: "an unknown choice",
    set: { "spec.sink.duckdb.schemaEvolution": "everything" },
    wrong: { "spec.sink.duckdb.schemaEvolution": '"everything" is not one of none, addColumns, widen' },
  },
  {
    title: "too small a number",
    set: { "spec.sink.duckdb.load": { everySeconds: 0 } },
    wrong: { "spec.sink.duckdb.load.everySeconds": "0 is too small: at least 1" },
  },
  {
    title: "too large a number",
    set: { [`${kafka}.fetchWaitMs`]: 60_000 },
    wrong: { [`${kafka}.fetchWaitMs`]: "60000 is too large: at most 30000" },
  },
  { title: "an empty list", set: { [`${kafka}.topics`]: [] }, wrong: { [`${kafka}.topics`]: "has 0 items: at least 1" } },
  {
    title: "no columns",
    set: { [`${kafka}.format.json.columns`]: {} },
    wrong: { [`${kafka}.format.json.columns`]: "has 0 entries: at least 1" },
  },
  { title: "an empty name", set: { "spec.sink.duckdb.table": "" }, wrong: { "spec.sink.duckdb.table": "must not be empty" } },
  {
    title: "too long a name",
    set: { [`${kafka}.groupId`]: "g".repeat(256) },
    wrong: { [`${kafka}.groupId`]: "has 256 characters: at most 255" },
  },
  {
    title: "a topic twice",
    set: { [`${kafka}.topics`]: ["a", "b", "a"] },
    wrong: { [`${kafka}.topics[2]`]: '"a" is there twice: remove one' },
  },
  {
    title: "zero bytes",
    set: { "spec.sink.duckdb.load": { upToBytes: 0 } },
    wrong: { "spec.sink.duckdb.load.upToBytes": "0 must be a number of bytes above 0, such as 64Mi, 1.5G or 1048576" },
  },
  {
    title: "bytes with a wrong unit",
    set: { "spec.sink.duckdb.load": { upToBytes: "64MB" } },
    wrong: { "spec.sink.duckdb.load.upToBytes": '"64MB" must be a number of bytes above 0, such as 64Mi, 1.5G or 1048576' },
  },
  // Rules of one value.
  {
    title: "a topic with a space",
    set: { [`${kafka}.topics`]: ["orders", "my orders"] },
    wrong: {
      [`${kafka}.topics[1]`]: '"my orders" must be a topic\'s name: at most 249 letters, digits, dots, underscores and dashes',
    },
  },
  {
    title: "a day to start from",
    set: { [`${kafka}.startFrom`]: "2026-01-31" },
    wrong: { [`${kafka}.startFrom`]: '"2026-01-31" must be earliest, latest or a time, such as 2026-01-31T00:00:00Z' },
  },
  {
    title: "a time that is none",
    set: { [`${kafka}.startFrom`]: "2026-13-31T00:00:00Z" },
    wrong: { [`${kafka}.startFrom`]: '"2026-13-31T00:00:00Z" must be earliest, latest or a time, such as 2026-01-31T00:00:00Z' },
  },
  {
    title: "a day that is none",
    set: { [`${kafka}.startFrom`]: "2026-02-30T00:00:00Z" },
    wrong: { [`${kafka}.startFrom`]: '"2026-02-30T00:00:00Z" must be earliest, latest or a time, such as 2026-01-31T00:00:00Z' },
  },
  {
    title: "an expression that is none",
    set: { [`${kafka}.topics`]: undefined, [`${kafka}.topicPattern`]: "orders-(" },
    wrong: { [`${kafka}.topicPattern`]: '"orders-(" must be a regular expression, such as orders-[a-z]+' },
  },
  {
    title: "a broker without a port",
    of: "Connection",
    set: { "spec.kafka.brokers": ["kafka"] },
    wrong: { "spec.kafka.brokers[0]": '"kafka" must be host:port, such as kafka-0.kafka:9093' },
  },
  {
    title: "a password in a broker",
    of: "Connection",
    set: { "spec.kafka.brokers": ["me:hunter2@kafka:9092"] },
    wrong: { "spec.kafka.brokers[0]": '"…@kafka:9092" must be host:port, such as kafka-0.kafka:9093' },
  },
  {
    title: "a region that is none",
    of: "Connection",
    set: { "spec.kafka.sasl": { awsMskIam: { region: "Frankfurt" } } },
    wrong: { "spec.kafka.sasl.awsMskIam.region": '"Frankfurt" must be an AWS region, such as eu-central-1' },
  },
  {
    title: "a name in capitals",
    set: { "metadata.name": "Orders" },
    wrong: { "metadata.name": '"Orders" must be small letters, digits and dashes, with a letter or digit at both ends' },
  },
  {
    title: "no name",
    set: { "metadata.name": undefined },
    wrong: { "metadata.name": "is required: Name, unique in the namespace" },
  },
  // Rules of an object.
  {
    title: "two sources",
    set: { "spec.source.files": { paths: ["a"], format: { json: {} } } },
    wrong: { "spec.source": "set exactly one of: kafka, files" },
  },
  { title: "no sink", set: { "spec.sink": {} }, wrong: { "spec.sink": "set exactly one of: duckdb, files, snowflake" } },
  {
    title: "a member left empty",
    set: { "spec.deadLetter": { stop: null } },
    wrong: {
      "spec.deadLetter": "set exactly one of: kafka, files, stop (stop is empty, which counts as absent: write stop: {})",
    },
  },
  {
    title: "topics and a pattern",
    set: { [`${kafka}.topicPattern`]: "o.*" },
    wrong: { [kafka]: "set exactly one of: topics, topicPattern" },
  },
  {
    title: "replicas and scaling",
    set: { "spec.sink": { files: { directory: "out" } }, "spec.replicas": 1, "spec.scaling": { max: 3 } },
    wrong: {
      spec: "replicas and scaling exclude each other: remove replicas to let Snowline scale, or scaling to do it yourself",
    },
  },
  {
    title: "min above max",
    set: { "spec.sink": { files: { directory: "out" } }, "spec.scaling": { min: 5, max: 3 } },
    wrong: { "spec.scaling": "min is above max: lower min or raise max" },
  },
  {
    title: "two pods for one DuckDB file",
    set: { "spec.replicas": 2 },
    wrong: { spec: "sink.duckdb lets one process write to its file: set replicas (or scaling.max) to 1" },
  },
  {
    title: "two pods for files",
    set: { ...files, "spec.sink": { files: { directory: "out" } }, "spec.replicas": 2 },
    wrong: { spec: "source.files has one reader: set replicas (or scaling.max) to 1" },
  },
  {
    title: "CSV in Kafka without the fields' order",
    set: { [`${kafka}.format`]: { csv: { columns: { a: "INTEGER" } } } },
    wrong: {
      [kafka]: "a Kafka record has no header line: set format.csv.fields to the columns' names in the order of the fields",
    },
  },
  {
    title: "no header line and no fields",
    set: { ...files, "spec.source.files.format.csv": { columns: { a: "INTEGER" }, header: false } },
    wrong: {
      "spec.source.files.format.csv": "without a header line set fields to the columns' names in the order of the fields",
    },
  },
  {
    title: "Avro without a schema",
    set: { [`${kafka}.format`]: { avro: { registry: { connection: "schemas" } } } },
    wrong: { [`${kafka}.format.avro`]: "with registry alone, columns says which fields to take: set columns, or schema" },
  },
  {
    title: "a certificate without its key",
    of: "Connection",
    set: { "spec.kafka.tls": { certificateFrom: { secret: "a", key: "b" } } },
    wrong: { "spec.kafka.tls": "mutual TLS needs both: set certificateFrom and keyFrom, or neither" },
  },
  {
    title: "no user name",
    of: "Connection",
    set: { "spec.kafka.sasl": { scram } },
    wrong: { "spec.kafka.sasl.scram": "set exactly one of: username, usernameFrom" },
  },
  {
    title: "a certificate in two places",
    of: "Connection",
    set: { "spec.kafka.tls": { caFrom: { secret: "a", configMap: "b", key: "c" } } },
    wrong: { "spec.kafka.tls.caFrom": "set exactly one of: secret, configMap" },
  },
  {
    title: "an upsert by streaming",
    set: {
      ...snowflakeSink,
      "spec.sink.snowflake.load": { streaming: {} },
      "spec.sink.snowflake.mode": { upsert: { key: ["order_id"] } },
    },
    wrong: {
      "spec.sink.snowflake": "load.streaming and load.snowpipe only append: set load to copy to upsert, or mode to append",
    },
  },
  {
    title: "notifications for a stage that cannot have them",
    set: { ...snowflakeSink, "spec.sink.snowflake.load": { snowpipe: { autoIngest: true } } },
    wrong: {
      "spec.sink.snowflake.load.snowpipe":
        "autoIngest needs a stage of yours: set stage to an external stage, or autoIngest to false",
    },
  },
  {
    title: "two ways to load",
    set: { ...snowflakeSink, "spec.sink.snowflake.load": { copy: {}, snowpipe: {} } },
    wrong: { "spec.sink.snowflake.load": "set exactly one of: copy, streaming, snowpipe" },
  },
  {
    title: "a table's name that SQL would not take",
    set: { ...snowflakeSink, "spec.sink.snowflake.table": "public.orders" },
    wrong: {
      "spec.sink.snowflake.table":
        '"public.orders" must be an identifier: letters, digits, underscores and dollars, not beginning with a digit; or any text in double quotes, such as "my table"',
    },
  },
  {
    title: "an account and its address",
    of: "Connection",
    set: { ...snowflakeConnection, "spec.snowflake.url": "https://example.com" },
    wrong: { "spec.snowflake": "set exactly one of: account, url" },
  },
  {
    title: "a key without a user",
    of: "Connection",
    set: { ...snowflakeConnection, "spec.snowflake.user": undefined },
    wrong: { "spec.snowflake": "set user, except with auth.workloadIdentity, whose token names the user" },
  },
  {
    title: "a password of a user",
    of: "Connection",
    set: { ...snowflakeConnection, "spec.snowflake.auth": { password: "hunter2" } },
    wrong: {
      "spec.snowflake.auth.password": "unknown field: known here are keyPair, oauth, token, workloadIdentity",
      "spec.snowflake.auth": "set exactly one of: keyPair, oauth, token, workloadIdentity",
    },
  },
  {
    title: "a lookup of nothing",
    set: { "spec.transform": { lookups: { rates: {} } } },
    wrong: { "spec.transform.lookups.rates": "set exactly one of: file, http" },
  },
  {
    title: "mistakes of every sort at once",
    set: {
      "spec.replicas": 2,
      [`${kafka}.topics`]: ["a b"],
      [`${kafka}.start`]: "latest",
      "spec.sink.duckdb.load": { upToRows: "many" },
    },
    wrong: {
      spec: "sink.duckdb lets one process write to its file: set replicas (or scaling.max) to 1",
      [`${kafka}.topics[0]`]: '"a b" must be a topic\'s name: at most 249 letters, digits, dots, underscores and dashes',
      [`${kafka}.start`]: "unknown field: did you mean startFrom?",
      "spec.sink.duckdb.load.upToRows": '"many" is a string, must be an integer: write it in digits',
    },
  },
];
