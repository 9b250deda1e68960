import { setTimeout as sleep } from "node:timers/promises";
import { Admin, Producer } from "@platformatic/kafka";
import type { DemoRecord } from "../demo-records.ts";

/** Topics of the demo. */
export const topics = { flights: "flights", dead: "flights.dead" } as const;

const partitions = 4;
const options = (bootstrap: string) => ({ clientId: "snowline-demo", bootstrapBrokers: bootstrap.split(",") });
const tickMs = 200;
/** Kafka's number for "the end". */
const latestOffset = -1n;
/** Lines that cannot become rows, each in a way of its own. */
const spoilt = ["first of May,3,1797,LAX,BNA", "2001/01/01 06:59,late,1797,LAX,BNA", "2001/01/01 07:05,4"];

/** How many records cannot become rows. */
export const spoiltCount = spoilt.length;

/** Makes the topics. */
export async function makeTopics(bootstrap: string): Promise<void> {
  const admin = new Admin(options(bootstrap));
  await admin.createTopics({ topics: Object.values(topics), partitions, replicas: 1 });
  await admin.close();
}

/** How many records are in a topic. */
export async function recordsIn(bootstrap: string, topic: string): Promise<number> {
  const admin = new Admin(options(bootstrap));
  const latest = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: latestOffset }));
  const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions: latest }] });
  await admin.close();
  return (listed?.partitions ?? []).reduce((sum, { offset }) => sum + Number(offset), 0);
}

/** Writes the records steadily, spoilt ones among them. */
export async function writeSteadily(bootstrap: string, records: readonly DemoRecord[], perSecond: number): Promise<void> {
  const producer = new Producer({ ...options(bootstrap), idempotent: true });
  const perTick = Math.ceil((perSecond * tickMs) / 1000);
  const all = withSpoilt(records);
  const began = performance.now();
  for (let at = 0; at < all.length; at += perTick) {
    const messages = all
      .slice(at, at + perTick)
      .map(({ key, value }) => ({ topic: topics.flights, key: Buffer.from(key), value }));
    await producer.send({ messages });
    await sleep(Math.max(0, began + ((at + perTick) / perSecond) * 1000 - performance.now()));
  }
  await producer.close();
}

function withSpoilt(records: readonly DemoRecord[]): readonly DemoRecord[] {
  const all = [...records];
  const step = Math.floor(records.length / (spoilt.length + 1));
  for (const [at, line] of spoilt.entries()) all.splice(step * (at + 1) + at, 0, { key: "spoilt", value: Buffer.from(line) });
  return all;
}
