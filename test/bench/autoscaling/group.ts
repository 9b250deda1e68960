import type { Pod } from "./pods.ts";
import { stallSeconds } from "./pods.ts";
import type { Topic } from "./topic.ts";

/** Assigns the partitions anew, moving as few as possible; true where one moved from a pod to another. A moved one is read again after the stall. */
export function rebalance(pods: readonly Pod[], leaving: readonly Pod[], topic: Topic, second: number): boolean {
  const most = Math.ceil(topic.partitions.length / Math.max(pods.length, 1));
  const full = topic.partitions.length - (most - 1) * pods.length;
  const quota = quotas(pods, most, full);
  const homeless = new Set(topic.partitions);
  const lost = new Set<number>();
  for (const pod of leaving) for (const partition of pod.owned.keys()) lost.add(partition);
  for (const pod of pods)
    for (const partition of pod.owned.keys()) {
      if (pod.owned.size > quota.get(pod)!) {
        pod.owned.delete(partition);
        lost.add(partition);
      } else homeless.delete(partition);
    }
  const touched = new Set<Pod>(pods.filter((pod) => pod.owned.size < quota.get(pod)!));
  for (const pod of pods)
    for (const partition of homeless) {
      if (pod.owned.size >= quota.get(pod)!) break;
      homeless.delete(partition);
      pod.owned.set(partition, { since: second, readsFrom: lost.has(partition) ? second + stallSeconds : second });
    }
  if (lost.size === 0) return false;
  for (const pod of touched) {
    pod.stalls++;
    pod.stalledSeconds += stallSeconds;
  }
  return true;
}

/** How many partitions each pod gets: those that have most keep the greater part. */
function quotas(pods: readonly Pod[], most: number, full: number): ReadonlyMap<Pod, number> {
  const byOwned = pods.toSorted((a, b) => b.owned.size - a.owned.size || a.name - b.name);
  return new Map(byOwned.map((pod, at) => [pod, at < full ? most : most - 1]));
}
