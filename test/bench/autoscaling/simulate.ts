import type { ScalingPod } from "../../../operator/scaling/scaling-observation.ts";
import type { Contestant, View } from "./contestant.ts";
import { rebalance } from "./group.ts";
import { averaged, averagedSeconds, endSeconds, loadSeconds, newPod, noteWork, type Pod, spread } from "./pods.ts";
import { type Topic, topicOf } from "./topic.ts";
import { podPerSecond, targetLagSeconds, type Trace } from "./traces.ts";

/** How an autoscaler fared on a trace. */
export interface Outcome {
  readonly secondsOverTarget: number;
  readonly replicaHours: number;
  /** Times at which partitions moved. */
  readonly rebalances: number;
  /** Changes of the number of pods. */
  readonly steps: number;
}

/** Every so many seconds a pod is asked, each at its own time. */
const reportSeconds = 10;
/** Before that a pod does not know what arrives at a partition. */
const arrivalSecondsMin = 5;

/** The course of a run, second by second, for who wants to see it. */
export type Watch = (at: { second: number; replicas: number; ready: number; lagSeconds: number; lagRecords: number }) => void;

/** Runs an autoscaler over a trace, in simulated time. The same arguments come to the same. */
export function simulate(trace: Trace, contestant: Contestant, watch: Watch = () => {}): Outcome {
  const topic = topicOf(trace);
  const decide = contestant.start();
  const reports = new Map<number, ScalingPod>();
  let pods: Pod[] = [];
  let names = 0;
  let [replicas, endedAt, joined] = [0, -endSeconds, 0];
  const outcome = { secondsOverTarget: 0, replicaHours: 0, rebalances: 0, steps: 0 };
  const scale = (to: number, second: number): void => {
    replicas = to;
    while (pods.length < to) pods.push(newPod(names++, second));
    if (pods.length === to) return;
    const leaving = pods.slice(to);
    pods = pods.slice(0, to);
    endedAt = second + endSeconds;
    for (const pod of leaving) for (const partition of pod.owned.keys()) topic.load(partition);
    if (leaving.some(({ readyAt }) => readyAt <= second)) settleGroup(leaving, second);
  };
  const settleGroup = (leaving: readonly Pod[], second: number): void => {
    const ready = pods.filter(({ readyAt }) => readyAt <= second);
    joined = ready.length;
    if (rebalance(ready, leaving, topic, second) && ready.length > 0) outcome.rebalances++;
  };
  scale(Math.max(trace.min, 1), -1_000);
  for (let second = 0; second < trace.seconds; second++) {
    topic.arrive(second);
    const ready = pods.filter(({ readyAt }) => readyAt <= second);
    if (ready.length !== joined) settleGroup([], second);
    work(ready, topic, { trace, second });
    for (const pod of ready)
      if ((second + pod.name * 3) % reportSeconds === 0) reports.set(pod.name, reportOf(pod, topic, second));
    const lagSeconds = Math.max(...topic.partitions.map((partition) => topic.lagSeconds(partition, second)));
    if (lagSeconds > targetLagSeconds) outcome.secondsOverTarget++;
    outcome.replicaHours += pods.length / 3_600;
    watch({ second, replicas, ready: ready.length, lagSeconds, lagRecords: total(topic) });
    const settled = ready.length === pods.length && second >= endedAt;
    const view = viewOf({ second, trace, replicas, ready, settled, topic, reports });
    const wanted = decide(view);
    if (wanted === null || wanted === replicas) continue;
    outcome.steps++;
    scale(Math.max(trace.min, Math.min(wanted, trace.partitions)), second);
  }
  return outcome;
}

const total = (topic: Topic): number => topic.partitions.reduce((sum, partition) => sum + topic.lag(partition), 0);

/** A second's work of all pods: each as much as it can, all as much as the sink takes. */
function work(ready: readonly Pod[], topic: Topic, { trace, second }: { trace: Trace; second: number }): void {
  const plans = ready.map((pod) => {
    const readable = [...pod.owned].filter(([, { readsFrom }]) => readsFrom <= second).map(([partition]) => partition);
    return {
      pod,
      readable,
      parts: spread(
        podPerSecond,
        readable.map((partition) => topic.unread(partition)),
      ),
    };
  });
  const wishes = plans.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0));
  const granted = spread(trace.sinkPerSecond(second), wishes);
  plans.forEach(({ pod, readable, parts }, at) => {
    const share = wishes[at]! > 0 ? granted[at]! / wishes[at]! : 0;
    readable.forEach((partition, part) => topic.read(partition, parts[part]! * share));
    noteWork(pod, wishes[at]!, granted[at]!);
    if ((second + pod.name) % loadSeconds === 0) for (const partition of pod.owned.keys()) topic.load(partition);
  });
}

/** What a pod tells at that second. */
function reportOf(pod: Pod, topic: Topic, second: number): ScalingPod {
  const owned = [...pod.owned].map(([partition, { since }]) => {
    const seconds = Math.min(second - since, averagedSeconds);
    const arrived = topic.arrived(partition, second) - topic.arrived(partition, second - seconds);
    return { partition, perSecond: seconds < arrivalSecondsMin ? null : arrived / seconds };
  });
  const known = owned.filter((one): one is { partition: number; perSecond: number } => one.perSecond !== null);
  const hottest = known.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  const sum = (of: (partition: number) => number): number => owned.reduce((all, { partition }) => all + of(partition), 0);
  return {
    uid: String(pod.name),
    splits: owned.length,
    recordsPerSecond: averaged(pod.read),
    busyFraction: averaged(pod.busy),
    sinkWaitFraction: averaged(pod.waited),
    arrivalsPerSecond: known.length < owned.length ? null : known.reduce((all, { perSecond }) => all + perSecond, 0),
    hottest:
      hottest === undefined || hottest.perSecond === 0
        ? null
        : { split: `events/${hottest.partition}`, arrivalsPerSecond: hottest.perSecond },
    lagRecords: sum((partition) => topic.lag(partition)),
    lagSeconds: owned.reduce((most, { partition }) => Math.max(most, topic.lagSeconds(partition, second)), 0),
    rebalances: { count: pod.stalls, stallSeconds: pod.stalledSeconds },
    atMs: second * 1_000,
  };
}

interface Surface {
  readonly second: number;
  readonly trace: Trace;
  readonly replicas: number;
  readonly ready: readonly Pod[];
  readonly settled: boolean;
  readonly topic: Topic;
  readonly reports: ReadonlyMap<number, ScalingPod>;
}

/** Between two probes of the source. */
const probeSeconds = 30;

function viewOf({ second, trace, replicas, ready, settled, topic, reports }: Surface): View {
  return {
    second,
    trace,
    replicas,
    ready: ready.length,
    settled,
    lags: () => topic.partitions.map((partition) => topic.lag(partition)),
    reports: () => ready.flatMap(({ name }) => reports.get(name) ?? []),
    counters: () => new Map(ready.map((pod) => [String(pod.name), pod.read.at(-1)!])),
    probe: () => {
      const arrived = (at: number): number => topic.partitions.reduce((sum, partition) => sum + topic.arrived(partition, at), 0);
      return {
        lagRecords: total(topic),
        partitions: topic.partitions.length,
        arrivalsPerSecond: second < probeSeconds ? null : (arrived(second) - arrived(second - probeSeconds)) / probeSeconds,
        atMs: second * 1_000,
      };
    },
  };
}
