import { setTimeout as sleep } from "node:timers/promises";
import { offsetFetchV8 } from "@platformatic/kafka";
import { NotConnected } from "../component/errors.ts";
import type { Cluster, Topic } from "./cluster.ts";
import { brokerErrors, coordinatorMoved } from "./kafka-errors.ts";

/** A coordinator moves, or the group's log is created, in a second or two. */
const movedPauseMs = 200;

/**
 * What a consumer group has committed, by `topic/partition`; absent where it has committed nothing. While the group's coordinator moves
 * it is asked again, until the signal aborts. Throws NotConnected and Terminal.
 */
export async function committedOffsets(
  cluster: Cluster,
  { groupId, topics }: { readonly groupId: string; readonly topics: Iterable<Topic> },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const asked = [...topics].map(({ name, leaders }) => ({ name, partitionIndexes: leaders.map((_, partition) => partition) }));
  const moved = (errors: readonly string[]): boolean => errors.some((error) => coordinatorMoved.includes(error));
  for (;;) {
    try {
      const broker = await cluster.coordinator(groupId, moved);
      const ask = ({ connection }: typeof broker) =>
        offsetFetchV8.api.async(connection, [{ groupId, memberId: null, memberEpoch: -1, topics: asked }], false);
      const { groups } = await cluster.call(broker, ask, moved);
      return new Map(
        (groups[0]?.topics ?? []).flatMap(({ name, partitions }) =>
          partitions.flatMap(({ partitionIndex, committedOffset }) =>
            committedOffset < 0n ? [] : [[`${name}/${partitionIndex}`, Number(committedOffset)] as const],
          ),
        ),
      );
    } catch (error) {
      if (!moved(brokerErrors(error))) throw error;
      if (signal.aborted) {
        throw new NotConnected(`kafka consumer group "${groupId}": it has no coordinator now (${cluster.bootstrap})`);
      }
      await sleep(movedPauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
