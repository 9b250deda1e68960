import type { KafkaSource } from "../../crds/connectors/kafka.ts";
import { type Cluster, earliest, latest } from "../kafka/cluster.ts";
import { committedOffsets } from "../kafka/committed-offsets.ts";
import { ledPartitions, listOffsets } from "../kafka/list-offsets.ts";
import { chosenTopics, requireNamed, topicChoice } from "../sources/kafka/topics.ts";
import type { ProbedSource } from "./probe-message.ts";

/** Of which group a source is asked. */
export interface KafkaProbe {
  readonly source: KafkaSource;
  readonly groupId: string;
}

/** How a Kafka source stands now; see ProbedSource. Throws NotConnected (a topic that is named and not there is one) and Terminal. */
export async function probeKafka(
  cluster: Cluster,
  { source, groupId }: KafkaProbe,
  signal: AbortSignal,
): Promise<Omit<ProbedSource, "id">> {
  const choice = topicChoice(source);
  const topics = await chosenTopics(cluster, choice);
  requireNamed(choice, topics, cluster);
  const partitions = ledPartitions(topics.values());
  if (partitions.length === 0) return { lagRecords: 0, partitions: 0, ends: 0 };
  // What is committed first: what arrives between the two questions may count as lag, but never hides one.
  const committed = await committedOffsets(cluster, { groupId, topics: topics.values() }, signal);
  const ends = await listOffsets(cluster, partitions, latest);
  const fresh = partitions.filter(({ topic, partition }) => !committed.has(`${topic}/${partition}`));
  const known = fresh.length === 0 || source.startFrom === "earliest";
  const starts = known && fresh.length > 0 ? await listOffsets(cluster, fresh, earliest) : new Map<string, number>();
  let lagRecords = 0;
  for (const [id, end] of ends) lagRecords += Math.max(end - (committed.get(id) ?? starts.get(id) ?? end), 0);
  return {
    lagRecords: known ? lagRecords : null,
    partitions: partitions.length,
    ends: [...ends.values()].reduce((sum, end) => sum + end, 0),
  };
}
