import { type Cluster, latest } from "./cluster.ts";
import type { FetchedSplit } from "./fetched-split.ts";
import { type LedPartition, listOffsets } from "./list-offsets.ts";

/**
 * Asks the brokers where partitions end now, for as long as no fetch tells it. An end only grows: a topic that was cut or made again is
 * noticed by the next fetch, which knows it by its id. Throws NotConnected and Terminal.
 */
export async function refreshEnds(cluster: Cluster, splits: readonly FetchedSplit[]): Promise<void> {
  const asked = splits.map((split) => ({ split, topicId: split.topicId }));
  const partitions = splits.flatMap(({ topic, partition, leader, leaderEpoch }): LedPartition[] =>
    leader === null ? [] : [{ topic, partition, leader: { node: leader, epoch: leaderEpoch } }],
  );
  const ends = await listOffsets(cluster, partitions, latest);
  for (const { split, topicId } of asked) {
    const end = ends.get(`${split.topic}/${split.partition}`);
    if (end !== undefined && split.topicId === topicId) split.end = Math.max(split.end ?? 0, end);
  }
}
