import { pino } from "pino";
import type { ComponentContext } from "../../../runtime/component/context.ts";
import type { Cluster, Topic } from "../../../runtime/kafka/cluster.ts";
import type { FetchAnswer, FetchedPartition } from "../../../runtime/kafka/fetch-api.ts";
import { buildBatch } from "./batch-builder.ts";

/** The topic of a stubbed cluster: one broker leads its two partitions. */
export const stubTopic: Topic = {
  name: "orders",
  id: "first",
  leaders: [
    { node: 1, epoch: 0 },
    { node: 1, epoch: 0 },
  ],
};

/** What a test makes of a cluster's answers. */
export interface StubAnswers {
  /** One after the other; later fetches are never answered. */
  readonly fetches: readonly (readonly FetchedPartition[] | Promise<readonly FetchedPartition[]>)[];
  topic?(): Topic;
  offsetAt?(partition: number, timestamp: bigint): Promise<number>;
}

/** A cluster whose answers come in exactly the order that a test wants; for races that a broker makes once in a thousand times. */
export function stubCluster({ fetches, topic = () => stubTopic, offsetAt = async () => 0 }: StubAnswers): Cluster {
  const rest = [...fetches];
  const stub = {
    bootstrap: "stub:9092",
    broker: async () => ({}),
    call: async (): Promise<FetchAnswer> => {
      const partitions = await rest.shift();
      return partitions === undefined ? new Promise<never>(() => {}) : { throttleMs: 0, errorCode: 0, partitions };
    },
    topics: async () => new Map([[topic().name, topic()]]),
    offsetAt: async (_topic: Topic, partition: number, timestamp: bigint) => offsetAt(partition, timestamp),
  };
  return stub as unknown as Cluster;
}

/** Surroundings for what only logs and looks at the clock. */
export const stubContext = { log: pino({ level: "silent" }), now: Date.now } as unknown as ComponentContext;

/** What a fetch brings of a partition: records with the texts `r<offset>`, or an error. */
export function fetched(partition: number, offsets: readonly number[], errorCode = 0): FetchedPartition {
  const records =
    offsets.length === 0
      ? Buffer.alloc(0)
      : buildBatch({ baseOffset: offsets[0]!, records: offsets.map((offset) => ({ offset, value: Buffer.from(`r${offset}`) })) });
  return { topicId: stubTopic.id, partition, errorCode, lastStableOffset: (offsets.at(-1) ?? -1) + 1, aborted: [], records };
}
