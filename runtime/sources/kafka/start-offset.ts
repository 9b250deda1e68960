import { type Cluster, earliest, latest, type Topic } from "../../kafka/cluster.ts";

/** Where to start a partition of which nothing is stored. */
export interface Start {
  readonly offset: number;
  /** True: the manifest's rule may give another offset the next time, so that this one has to be stored at once. */
  readonly pinned: boolean;
}

/** A partition without a stored position. */
export interface StartingPartition {
  readonly topic: Topic;
  readonly partition: number;
  /** True: it came after the pipeline's start, so that `latest` would pass over records nobody has seen. */
  readonly late: boolean;
}

/** The start by the manifest's `startFrom`: `earliest`, `latest` or a time. Throws NotConnected and Terminal. */
export async function startOffset(
  startFrom: string,
  cluster: Cluster,
  { topic, partition, late }: StartingPartition,
): Promise<Start> {
  switch (startFrom) {
    case "earliest":
      return { offset: await cluster.offsetAt(topic, partition, earliest), pinned: false };
    case "latest":
      return { offset: await cluster.offsetAt(topic, partition, late ? earliest : latest), pinned: true };
    default: {
      // The end first: what comes between the two questions lies behind it.
      const end = await cluster.offsetAt(topic, partition, latest);
      const found = await cluster.offsetAt(topic, partition, BigInt(Date.parse(startFrom)));
      return { offset: found >= 0 ? found : end, pinned: true };
    }
  }
}
