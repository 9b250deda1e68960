// What a TypeScript developer would write: kafkajs eachBatch, JSON.parse, node:crypto, batched inserts into DuckDB, or CSV files
// that go into Snowflake by PUT and COPY.
// node typescript-consumer.ts BOOTSTRAP TOPIC GROUP duckdb FILE | parquet DIRECTORY | snowflake DIRECTORY OPTIONS: ends when all
// partitions are read.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, DuckDBTimestampValue } from "@duckdb/node-api";
import { Kafka, logLevel } from "kafkajs";
import snowflake, { type ConnectionOptions } from "snowflake-sdk";

interface Order {
  readonly orderId: string;
  readonly status: string;
  readonly placedAt: string;
  readonly amount: string;
  readonly currency: string;
  readonly customer: { readonly email: string };
}

const rowsPerFile = 100_000;
const createTable =
  "CREATE TABLE orders (order_id VARCHAR, customer VARCHAR, placed_at TIMESTAMP, amount DOUBLE, currency VARCHAR)";

async function append(connection: DuckDBConnection, orders: readonly Order[]): Promise<void> {
  const appender = await connection.createAppender("orders");
  for (const order of orders) {
    appender.appendVarchar(order.orderId);
    appender.appendVarchar(createHash("sha256").update(order.customer.email.toLowerCase()).digest("hex"));
    appender.appendTimestamp(new DuckDBTimestampValue(BigInt(Date.parse(order.placedAt)) * 1000n));
    appender.appendDouble(Number(order.amount));
    appender.appendVarchar(order.currency);
    appender.endRow();
  }
  appender.closeSync();
}

/** Takes paid orders; `end` writes what is left. */
interface Target {
  add(orders: readonly Order[]): Promise<void>;
  end(): Promise<void>;
}

async function tableTarget(file: string): Promise<Target> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(createTable);
  return {
    add: (orders) => append(connection, orders),
    async end() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function parquetTarget(directory: string): Promise<Target> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(createTable);
  let rows = 0;
  let files = 0;
  const flush = async (): Promise<void> => {
    if (rows === 0) return;
    await connection.run(`COPY orders TO '${join(directory, `${files++}.parquet`)}' (FORMAT parquet, COMPRESSION zstd)`);
    await connection.run("TRUNCATE orders");
    rows = 0;
  };
  return {
    async add(orders) {
      await append(connection, orders);
      rows += orders.length;
      if (rows >= rowsPerFile) await flush();
    },
    end: flush,
  };
}

const csvLine = ({ orderId, customer, placedAt, amount, currency }: Order): string =>
  `${orderId},${createHash("sha256").update(customer.email.toLowerCase()).digest("hex")},${placedAt},${amount},${currency}\n`;

async function snowflakeTarget(directory: string, options: ConnectionOptions): Promise<Target> {
  snowflake.configure({ logLevel: "OFF", disableOCSPChecks: true });
  const connection = snowflake.createConnection(options);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  const run = (sqlText: string): Promise<void> =>
    new Promise((resolve, reject) => connection.execute({ sqlText, complete: (error) => (error ? reject(error) : resolve()) }));
  await run(
    "CREATE TABLE orders (order_id VARCHAR, customer VARCHAR, placed_at TIMESTAMP_NTZ, amount NUMBER(18,2), currency VARCHAR)",
  );
  let lines: string[] = [];
  let files = 0;
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    const name = `${files++}.csv`;
    await writeFile(join(directory, name), lines.join(""));
    lines = [];
    await run(`PUT file://${join(directory, name)} @%orders`);
    await run(`COPY INTO orders FROM @%orders FILES = ('${name}.gz') FILE_FORMAT = (TYPE = CSV)`);
  };
  return {
    async add(orders) {
      for (const order of orders) lines.push(csvLine(order));
      if (lines.length >= rowsPerFile) await flush();
    },
    async end() {
      await flush();
      await new Promise<void>((resolve) => connection.destroy(() => resolve()));
    },
  };
}

const [bootstrap = "", topic = "", groupId = "", kind = "", path = "", options = ""] = process.argv.slice(2);
const openTarget = {
  duckdb: () => tableTarget(path),
  parquet: () => parquetTarget(path),
  snowflake: () => snowflakeTarget(path, JSON.parse(options) as ConnectionOptions),
}[kind];
if (openTarget === undefined) throw new Error(`${kind}: is no target`);
const target = await openTarget();
const kafka = new Kafka({ clientId: "typescript-consumer", brokers: [bootstrap], logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]));
await admin.disconnect();
for (const [partition, end] of ends) if (end === 0n) ends.delete(partition);

const consumer = kafka.consumer({ groupId });
const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
consumer.on("consumer.crash", ({ payload }) => reject(payload.error));
await consumer.run({
  eachBatch: async ({ batch }) => {
    const orders = batch.messages.map(({ value }) => JSON.parse(value?.toString() ?? "") as Order);
    await target.add(orders.filter(({ status }) => status === "paid"));
    if (BigInt(batch.lastOffset()) + 1n >= (ends.get(batch.partition) ?? 0n)) ends.delete(batch.partition);
    if (ends.size === 0) resolve();
  },
});
await caughtUp;
await consumer.disconnect();
await target.end();
