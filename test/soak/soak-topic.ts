import { independentClient, onceProducer } from "../kafka/client.ts";
import { uniqueName } from "../kafka/unique-name.ts";
import { createTopic } from "../kafka/create-topic.ts";

/** Partitions of the topic. */
export const partitions = 8;
/** Records of each partition in one request: about 150 KB. */
const recordsPerRequest = 1000;
/** One record in so many cannot become a row. */
const rejectEvery = 1013;

/** A topic that fills at a steady rate. */
export interface SoakTopic extends AsyncDisposable {
  readonly topic: string;
  /** Records of each partition so far. */
  readonly produced: number;
  /** Appends records to all partitions until there are `total`, evenly over `durationMs`. */
  fill(total: number, durationMs: number): Promise<void>;
}

/** The record with this number, as text; `rejected`: it cannot become a row. */
function soakRecord(partition: number, n: number): { readonly value: string; readonly rejected: boolean } {
  const rejected = n % rejectEvery === 7;
  const number = rejected ? `"none ${n}"` : n;
  return {
    value: `{"p":${partition},"n":${number},"text":"record ${n} of partition ${partition}","filler":"${"x".repeat(60)}"}`,
    rejected,
  };
}

/** What the pipeline declares. */
export const soakColumns = { p: "INTEGER", n: "BIGINT", text: "VARCHAR" };
/** What it does. */
export const soakSql = "SELECT p, n, upper(text) AS text FROM source WHERE n % 7 <> 3";

/** What a table of the first `produced` records of a partition adds up to: rows, their numbers' sum, and the letters. */
export function soakSums(produced: number): { readonly rows: number; readonly sum: number; readonly letters: number } {
  let [rows, sum, letters] = [0, 0, 0];
  for (let n = 0; n < produced; n++) {
    if (n % rejectEvery === 7) letters++;
    else if (n % 7 !== 3) {
      rows++;
      sum += n;
    }
  }
  return { rows, sum, letters };
}

/** Creates the topic. */
export async function openSoakTopic(bootstrap: string): Promise<SoakTopic> {
  const client = independentClient(bootstrap);
  const [admin, producer] = [client.admin(), onceProducer(client)];
  const topic = uniqueName("soak");
  await Promise.all([admin.connect(), producer.connect()]);
  await createTopic(admin, { topic, numPartitions: partitions });
  let produced = 0;
  return {
    topic,
    get produced() {
      return produced;
    },
    async fill(total, durationMs) {
      const began = performance.now();
      const perPartition = Math.ceil(total / partitions);
      const startedAt = produced;
      while (produced < perPartition) {
        const messages = Array.from({ length: partitions }, (_, partition) =>
          Array.from({ length: recordsPerRequest }, (_, at) => ({
            partition,
            value: soakRecord(partition, produced + at).value,
          })),
        ).flat();
        await producer.send({ topic, acks: -1, messages });
        produced += recordsPerRequest;
        const dueMs = ((produced - startedAt) / (perPartition - startedAt)) * durationMs;
        const aheadMs = dueMs - (performance.now() - began);
        if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
      }
    },
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [topic] });
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
