import { Kafka, logLevel } from "kafkajs";

/** Partitions of the topic. */
export const partitions = 12;
/** Records of one partition in one produce request: about 0.3 MB, under the broker's default limit of 1 MB. */
const recordsPerPartition = 1000;
const currencies = ["EUR", "USD", "GBP", "CHF", "JPY", "SEK"];
const statuses = ["paid", "paid", "paid", "open", "cancelled"];
const countries = ["de", "fr", "us", "gb", "ch", "jp", "se", "br"];

/** A number from 0 below `below` that depends on nothing but `seed` and `salt` (Murmur3's finalizer). */
function pick(seed: number, salt: number, below: number): number {
  let hash = Math.imul(seed ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % below;
}

const one = <T>(values: readonly T[], seed: number, salt: number): T => values[pick(seed, salt, values.length)] as T;

/** The order event of one number: about 280 bytes of JSON, the same at every call; three in five are paid. */
function orderEvent(number: number): string {
  const placedAt = new Date(Date.UTC(2026, 0, 1) + number * 7).toISOString();
  const amount = `${pick(number, 1, 5000)}.${String(pick(number, 2, 100)).padStart(2, "0")}`;
  const customer = pick(number, 3, 200_000);
  const items = `[{"sku":"SKU-${String(pick(number, 4, 9999)).padStart(4, "0")}","quantity":${1 + pick(number, 5, 5)}}]`;
  return (
    `{"orderId":"o-${String(number).padStart(10, "0")}","status":"${one(statuses, number, 6)}","placedAt":"${placedAt}",` +
    `"amount":"${amount}","currency":"${one(currencies, number, 7)}","customer":{"id":"c-${customer}",` +
    `"email":"Customer.${customer}@example.com","country":"${one(countries, number, 8)}"},"items":${items},"channel":"web","session":"${String(pick(number, 9, 999_999)).padStart(6, "0")}"}`
  );
}

/** Creates the topic and puts `records` order events into it, in turn over its partitions. Resolves to the mean bytes per record. */
export async function produceOrders(bootstrap: string, topic: string, records: number): Promise<number> {
  const kafka = new Kafka({ clientId: "snowline-bench", brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  let bytes = 0;
  for (let from = 0; from < records; from += partitions * recordsPerPartition) {
    const count = Math.min(partitions * recordsPerPartition, records - from);
    const messages = Array.from({ length: count }, (_, at) => {
      const value = Buffer.from(orderEvent(from + at));
      bytes += value.length;
      return { value, partition: (from + at) % partitions };
    });
    await producer.send({ topic, messages, acks: 1 });
  }
  await producer.disconnect();
  return bytes / records;
}
