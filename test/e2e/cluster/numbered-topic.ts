import { independentClient, onceProducer } from "../../kafka/client.ts";
import { createTopic } from "../../kafka/create-topic.ts";

/** A topic of records such as `{"id": "k-17", "n": 17}`, and what has been written to it. */
export interface NumberedTopic extends AsyncDisposable {
  readonly name: string;
  /** Records so far: their numbers are 0 to `written - 1`, spread over the partitions. */
  readonly written: number;
  /** Writes the next records; resolves when the broker has them. `change` may spoil a record. */
  write(count: number, change?: (n: number) => unknown): Promise<void>;
  /** Writes about `perSecond` until the answer is called, which resolves when the last is written. */
  writeSteadily(perSecond: number): () => Promise<void>;
}

const recordsPerRequest = 2000;
const tickMs = 100;

/** What a topic is made of. */
export interface NumberedTopicOptions {
  readonly name: string;
  readonly partitions: number;
  /** The record of a number; without it `{"id": "k-17", "n": 17}`. */
  readonly record?: (n: number) => unknown;
}

/** Makes the topic. */
export async function openNumberedTopic(
  bootstrap: string,
  { name, partitions, record = numbered }: NumberedTopicOptions,
): Promise<NumberedTopic> {
  const client = independentClient(bootstrap);
  const admin = client.admin();
  await admin.connect();
  await createTopic(admin, { topic: name, numPartitions: partitions });
  await admin.disconnect();
  const producer = onceProducer(client);
  await producer.connect();
  const stops: (() => Promise<void>)[] = [];
  let written = 0;
  const send = async (count: number, change: (n: number) => unknown): Promise<void> => {
    const messages = Array.from({ length: count }, (_, index) => {
      const n = written + index;
      return { value: JSON.stringify(change(n)), partition: n % partitions };
    });
    written += count;
    await producer.send({ topic: name, messages });
  };
  const write = async (count: number, change = record): Promise<void> => {
    for (let left = count; left > 0; left -= recordsPerRequest) await send(Math.min(left, recordsPerRequest), change);
  };
  return {
    name,
    get written() {
      return written;
    },
    write,
    writeSteadily: (perSecond) => {
      const stopped = new AbortController();
      const loop = (async () => {
        while (!stopped.signal.aborted) {
          await write(Math.ceil((perSecond * tickMs) / 1000));
          await new Promise((resolve) => setTimeout(resolve, tickMs));
        }
      })();
      const stop = async (): Promise<void> => {
        stopped.abort();
        await loop;
      };
      stops.push(stop);
      return stop;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await producer.disconnect();
    },
  };
}

const numbered = (n: number): unknown => ({ id: `k-${n}`, n });
