import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildRedpandaConnect, redpandaConnectConfig } from "./redpanda-connect.ts";
import { connectionManifest, type SnowflakePlace } from "./snowflake-place.ts";

/** Where the records are and where the rows go. */
export interface Task {
  readonly bootstrap: string;
  readonly topic: string;
  /** A consumer group that nobody has used. */
  readonly group: string;
  /** Empty; the contestant's own. */
  readonly directory: string;
  /** Where rows go that go to Snowflake. */
  readonly snowflake: SnowflakePlace;
}

/** Where a contestant's rows are. */
type Result = (place: { readonly directory: string; readonly snowflake: SnowflakePlace }) => string;
type Target = "DuckDB" | "Parquet" | "Snowflake, copy" | "Snowflake, streaming";

/** Seconds without a record after which Redpanda Connect ends: it cannot end at the end of a topic, and joining a group takes seconds. Taken off its wall time. */
const idleSeconds = 10;
const root = join(import.meta.dirname, "..", "..");
const parquetIn = (directory: string): boolean => readdirSync(directory).some((name) => name.endsWith(".parquet"));

/** One program that does the work: paid orders only, five columns, the e-mail address hashed. */
export interface Contestant {
  readonly name: string;
  readonly target: Target;
  /** Builds what it needs, before any measurement. */
  prepare?(say: (line: string) => void): Promise<void>;
  /** Writes its configuration and names the command to run, which ends when all records are loaded. */
  command(task: Task): Promise<readonly string[]>;
  /** Wall seconds at the end in which it only waited. */
  readonly idleSeconds: number;
  /** The table that DuckDB reads the result from. */
  readonly result: Result;
  /** True once its first row can be read, where that shows from outside while it runs. */
  hasRows?(directory: string): boolean;
}

/** Our sinks by target, as manifests say them. */
const sinks: Readonly<Record<Target, (task: Task) => string>> = {
  DuckDB: ({ directory }) => `duckdb: { path: ${directory}/orders.duckdb, table: orders }`,
  Parquet: ({ directory }) => `files: { directory: ${directory}/rows }`,
  "Snowflake, copy": (task) => snowflakeSink(task, "copy: { upToBytes: 32Mi }"),
  "Snowflake, streaming": (task) => snowflakeSink(task, "streaming: {}"),
};
const snowflakeSink = ({ snowflake: { database, schema } }: Task, load: string): string =>
  `snowflake: { connection: warehouse, database: ${database}, schema: ${schema}, table: ORDERS, load: { ${load} } }`;

const results: Readonly<Record<Target, Result>> = {
  DuckDB: () => "rows.orders",
  Parquet: ({ directory }) => `read_parquet('${directory}/**/*.parquet')`,
  "Snowflake, copy": ({ snowflake }) => snowflake.duckdbTable,
  "Snowflake, streaming": ({ snowflake }) => snowflake.duckdbTable,
};

const ours = (target: Contestant["target"]): Contestant => ({
  name: "snowline",
  target,
  idleSeconds: 0,
  async command(task) {
    const { bootstrap, topic, directory, snowflake } = task;
    const manifest = join(directory, "orders.yaml");
    await writeFile(
      manifest,
      `apiVersion: snowline.dev/v1alpha1
kind: Connection
metadata: { name: bench }
spec: { kafka: { brokers: ["${bootstrap}"] } }
---
${connectionManifest(snowflake)}---
apiVersion: snowline.dev/v1alpha1
kind: Pipeline
metadata: { name: orders }
spec:
  source:
    kafka:
      connection: bench
      topics: [${topic}]
      startFrom: earliest
      format:
        json:
          columns:
            orderId: VARCHAR
            status: VARCHAR
            placedAt: TIMESTAMP
            amount: DECIMAL(18,2)
            currency: VARCHAR
            customer: STRUCT(email VARCHAR)
  transform:
    sql: |
      SELECT orderId AS order_id, sha256(lower(customer.email)) AS customer, placedAt AS placed_at, amount, currency
      FROM source WHERE status = 'paid'
  sink: { ${sinks[target](task)} }
  deadLetter: { files: { directory: ${directory}/dead } }
`,
    );
    const run = ["run", manifest, "--until-caught-up", "--secrets", snowflake.secretsDirectory];
    return [process.execPath, join(root, "bin", "snowline.mjs"), ...run];
  },
  result: results[target],
  hasRows: (directory) => target === "Parquet" && readdirSync(directory).includes("rows") && parquetIn(join(directory, "rows")),
});

const typescript = (target: Contestant["target"]): Contestant => ({
  name: target === "Snowflake, copy" ? "kafkajs + JSON.parse + snowflake-sdk" : "kafkajs + JSON.parse + DuckDB",
  target,
  idleSeconds: 0,
  async command({ bootstrap, topic, group, directory, snowflake }) {
    const program = join(import.meta.dirname, "typescript-consumer.ts");
    const rows: Readonly<Partial<Record<Target, readonly string[]>>> = {
      DuckDB: ["duckdb", join(directory, "orders.duckdb")],
      Parquet: ["parquet", directory],
      "Snowflake, copy": ["snowflake", directory, JSON.stringify(snowflake.driverOptions)],
    };
    return [process.execPath, program, bootstrap, topic, group, ...rows[target]!];
  },
  result: results[target],
  hasRows: (directory) => target === "Parquet" && parquetIn(directory),
});

const redpandaConnect: Contestant = {
  name: "Redpanda Connect 4.61",
  target: "Parquet",
  idleSeconds,
  prepare: (say) => buildRedpandaConnect(say).then(() => undefined),
  async command({ directory, ...task }) {
    const config = join(directory, "redpanda-connect.yaml");
    await writeFile(config, redpandaConnectConfig({ ...task, directory, idleSeconds }));
    return [await buildRedpandaConnect(() => {}), "run", config];
  },
  result: results.Parquet,
  hasRows: parquetIn,
};

/** Everyone who takes part, ours first. Redpanda Connect has no DuckDB output, so it only writes files. */
export const contestants: readonly Contestant[] = [
  ours("Parquet"),
  typescript("Parquet"),
  redpandaConnect,
  ours("DuckDB"),
  typescript("DuckDB"),
  ours("Snowflake, copy"),
  typescript("Snowflake, copy"),
  ours("Snowflake, streaming"),
];
