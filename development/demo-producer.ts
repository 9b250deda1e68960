import { Admin, Producer } from "@platformatic/kafka";
import type { DemoRecord } from "./demo-records.ts";

/** A topic to make and fill. */
export interface DemoTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly records: readonly DemoRecord[];
  /** Header `source` of each record. */
  readonly source: string;
}

/** Records in one produce request: some 100 kB to 1 MB of them. */
const recordsPerRequest = 1000;

/** Makes a topic and puts the records into it, in their order. */
export async function fillTopic(brokers: readonly string[], { topic, partitions, records, source }: DemoTopic): Promise<void> {
  const options = { clientId: "snowline-demo", bootstrapBrokers: [...brokers] };
  const admin = new Admin(options);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
  const producer = new Producer({ ...options, idempotent: true });
  const headers = new Map([[Buffer.from("source"), Buffer.from(source)]]);
  for (let at = 0; at < records.length; at += recordsPerRequest) {
    const messages = records
      .slice(at, at + recordsPerRequest)
      .map(({ key, value }) => ({ topic, key: Buffer.from(key), value, headers }));
    await producer.send({ messages });
  }
  await producer.close();
}
