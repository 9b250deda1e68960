import type { Logger } from "pino";
import type { Cluster, Topic } from "../../kafka/cluster.ts";
import type { KafkaLimits } from "../../kafka/kafka-limits.ts";

/** What a member of a consumer group owns. */
export interface Assignment {
  /** By topic name: its partitions, ascending. */
  readonly partitions: ReadonlyMap<string, readonly number[]>;
}

/** Where a partition's mirror goes to. */
export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Membership in a consumer group: which partitions are ours. It goes on in the background until it is disposed of, which
 * leaves the group. Both protocols of Kafka have one.
 */
export interface Membership extends AsyncDisposable {
  /** What we own; null before the group said so for the first time. Another object after each change. */
  readonly assignment: Assignment | null;
  /** What ended the membership for good: rights, an invalid group. */
  readonly failure: Error | null;
  /** Why the group does not answer now; null while it does. */
  readonly trouble: Error | null;
  /** Reads these topics from now on. */
  subscribe(topics: ReadonlyMap<string, Topic>): void;
  /** The reader has let go what it owned before and not in this assignment: others may have it. */
  confirm(assignment: Assignment): void;
  /** Commits offsets as this member, now. Throws where the group refuses. */
  commit(offsets: readonly OffsetToCommit[]): Promise<void>;
}

/** What a membership works with. */
export interface MembershipParts {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly limits: KafkaLimits;
  readonly log: Logger;
  /** Called after each change of `assignment`, `failure` or `trouble`. */
  readonly onChange: () => void;
}

/** Leaving is a courtesy: without it the others wait for the session to time out. */
export const leaveTimeoutMs = 3000;
/** Pause before the group is asked again after it did not answer. */
export const troublePauseMs = 1000;

/** True where both own the same. */
export function sameAssignment(a: Assignment | null, b: Assignment): boolean {
  const text = ({ partitions }: Assignment) =>
    JSON.stringify([...partitions].filter(([, list]) => list.length > 0).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  return a !== null && text(a) === text(b);
}

/** Offsets as the protocol groups them. */
export function byTopic(offsets: readonly OffsetToCommit[]) {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    })),
  }));
}
