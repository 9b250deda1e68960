// What a TypeScript developer would write: kafkajs eachBatch, JSON.parse, node:crypto, batched inserts into DuckDB.
// node typescript-consumer.ts BOOTSTRAP TOPIC GROUP duckdb FILE | parquet DIRECTORY: ends when all partitions are read.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, DuckDBTimestampValue } from "@duckdb/node-api";
import { Kafka, logLevel } from "kafkajs";

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

const [bootstrap = "", topic = "", groupId = "", kind = "", path = ""] = process.argv.slice(2);
const target = await (kind === "duckdb" ? tableTarget(path) : parquetTarget(path));
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
