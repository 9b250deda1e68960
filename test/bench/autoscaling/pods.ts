import { podPerSecond } from "./traces.ts";

/** Seconds from the wish for a pod until it reads: scheduling, an image that is there, a first assignment. */
const startSeconds = 25;
/** Seconds for which a partition that moves to another pod is read by none. */
export const stallSeconds = 5;
/** Every so many seconds a pod loads what it has read. */
export const loadSeconds = 10;
/** Over how many seconds a pod averages what it tells. */
export const averagedSeconds = 60;
/** Seconds that a pod takes to load what it has read and end. */
export const endSeconds = 5;

/** A pod in the model. */
export interface Pod {
  readonly name: number;
  readonly readyAt: number;
  /** Partitions it reads, and from which second on. */
  readonly owned: Map<number, { since: number; readsFrom: number }>;
  /** Sums up to each second since it became ready. */
  readonly read: number[];
  readonly busy: number[];
  readonly waited: number[];
  stalls: number;
  stalledSeconds: number;
}

/** A pod that is wished for at that second. */
export const newPod = (name: number, second: number): Pod => ({
  name,
  readyAt: second + startSeconds,
  owned: new Map(),
  read: [0],
  busy: [0],
  waited: [0],
  stalls: 0,
  stalledSeconds: 0,
});

/** Spreads `total` over wishes so that none gets more than it wishes and the unfulfilled get the same. */
export function spread(total: number, wishes: readonly number[]): readonly number[] {
  if (wishes.reduce((sum, wish) => sum + wish, 0) <= total) return wishes;
  const given = wishes.map(() => 0);
  let left = total;
  let hungry = wishes.map((_, at) => at).filter((at) => wishes[at]! > 0);
  while (left > 1e-9 && hungry.length > 0) {
    const share = left / hungry.length;
    for (const at of hungry) {
      const more = Math.min(share, wishes[at]! - given[at]!);
      given[at]! += more;
      left -= more;
    }
    hungry = hungry.filter((at) => wishes[at]! - given[at]! > 1e-9);
  }
  return given;
}

/** Notes what a pod did in a second, of what it could have done and was granted by the sink. */
export function noteWork(pod: Pod, wished: number, granted: number): void {
  const last = pod.read.length - 1;
  const held = granted < wished - 1e-9;
  const work = granted / podPerSecond;
  pod.read.push(pod.read[last]! + granted);
  // A sink that takes no more keeps the load stage busy, and the next batch waiting for the rest of the time.
  pod.busy.push(pod.busy[last]! + (held ? 1 : work));
  pod.waited.push(pod.waited[last]! + (held ? 1 - work : 0));
}

/** An average over the last minute, or since it became ready where that is later. */
export function averaged(sums: readonly number[]): number {
  const last = sums.length - 1;
  const first = Math.max(last - averagedSeconds, 0);
  return last === first ? 0 : (sums[last]! - sums[first]!) / (last - first);
}
