import { listOffsetsV7 } from "@platformatic/kafka";
import { NotConnected } from "../component/errors.ts";
import { type Cluster, type Leader, readCommitted, type Topic } from "./cluster.ts";

/** A partition and who leads it. */
export interface LedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leader: Leader;
}

/** All partitions of the topics. */
export function ledPartitions(topics: Iterable<Topic>): LedPartition[] {
  return [...topics].flatMap(({ name, leaders }) => leaders.map((leader, partition) => ({ topic: name, partition, leader })));
}

/**
 * Offsets of many partitions by time, as `Cluster.offsetAt` has them, with one request to each broker. By `topic/partition`. Throws
 * NotConnected where a partition has no leader, and what `Cluster.call` throws.
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  timestamp: bigint,
): Promise<ReadonlyMap<string, number>> {
  const leaderless = partitions.find(({ leader }) => leader.node < 0);
  if (leaderless !== undefined) {
    throw new NotConnected(`${leaderless.topic}/${leaderless.partition}: it has no leader now`);
  }
  const byNode = Map.groupBy(partitions, ({ leader }) => leader.node);
  const answers = await Promise.all(
    [...byNode].map(async ([node, led]) => {
      const request = [...Map.groupBy(led, ({ topic }) => topic)].map(([name, list]) => ({
        name,
        partitions: list.map(({ partition, leader }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: leader.epoch,
          timestamp,
        })),
      }));
      return cluster.call(await cluster.broker(node, "control"), ({ connection }) =>
        listOffsetsV7.api.async(connection, -1, readCommitted, request),
      );
    }),
  );
  return new Map(
    answers.flatMap(({ topics }) =>
      topics.flatMap(({ name, partitions: found }) =>
        found.map(({ partitionIndex, offset }) => [`${name}/${partitionIndex}`, Number(offset)] as const),
      ),
    ),
  );
}
