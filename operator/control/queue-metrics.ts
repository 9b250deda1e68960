import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Who waits: what changed before what was listed at the start or is looked at again for no reason. */
export const priorities = ["change", "background"] as const;
/** Higher priority first. */
export type Priority = (typeof priorities)[number];

/** controller-runtime's numbers of the two. */
const priorityNumber: Readonly<Record<Priority, string>> = { change: "0", background: "-100" };

/** client-go's, in seconds. */
const durationBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];

/** What a queue is asked for when the metrics are scraped. */
export interface QueueSnapshot {
  /** Keys that wait and may be taken. */
  readonly depth: Readonly<Record<Priority, number>>;
  /** For each key that was taken and not done, how long ago, in seconds. */
  readonly runningSeconds: readonly number[];
}

/** What a queue tells as it happens; durations in seconds. */
export interface QueueObserver {
  added(): void;
  retried(): void;
  /** A key was taken, this long after it could have been. */
  waited(seconds: number): void;
  /** A key is done, this long after it was taken. */
  worked(seconds: number): void;
}

const labelNames = ["name", "controller"] as const;
type Labels = (typeof labelNames)[number];

/** Registers `workqueue_*` under client-go's names, with controller-runtime's labels. The answer observes one queue more. */
export function registerQueueMetrics(registry: Registry): (name: string, snapshot: () => QueueSnapshot) => QueueObserver {
  const queues = new Map<string, () => QueueSnapshot>();
  const registers = [registry];
  registerGauges(registry, queues);
  const adds = new Counter({
    name: "workqueue_adds_total",
    help: "Total number of adds handled by workqueue",
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: "workqueue_retries_total",
    help: "Total number of retries handled by workqueue",
    labelNames,
    registers,
  });
  const duration = (name: string, help: string): Histogram<Labels> =>
    new Histogram({ name, help, labelNames, buckets: durationBuckets, registers });
  const waits = duration(
    "workqueue_queue_duration_seconds",
    "How long in seconds an item stays in workqueue before being requested",
  );
  const works = duration("workqueue_work_duration_seconds", "How long in seconds processing an item from workqueue takes.");
  return (name, snapshot) => {
    queues.set(name, snapshot);
    const labels = { name, controller: name };
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    return {
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      waited: (seconds) => waits.observe(labels, seconds),
      worked: (seconds) => works.observe(labels, seconds),
    };
  };
}

function registerGauges(registry: Registry, queues: ReadonlyMap<string, () => QueueSnapshot>): void {
  const registers = [registry];
  new Gauge({
    name: "workqueue_depth",
    help: "Current depth of workqueue by workqueue and priority",
    labelNames: [...labelNames, "priority"],
    registers,
    collect() {
      for (const [name, snapshot] of queues) {
        const { depth } = snapshot();
        for (const priority of priorities)
          this.set({ name, controller: name, priority: priorityNumber[priority] }, depth[priority]);
      }
    },
  });
  const running = (name: string, help: string, value: (seconds: readonly number[]) => number): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const [queue, snapshot] of queues) this.set({ name: queue, controller: queue }, value(snapshot().runningSeconds));
      },
    });
  };
  running(
    "workqueue_unfinished_work_seconds",
    "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck workers.",
    (seconds) => seconds.reduce((sum, each) => sum + each, 0),
  );
  running(
    "workqueue_longest_running_processor_seconds",
    "How many seconds has the longest running processor for workqueue been running.",
    (seconds) => Math.max(0, ...seconds),
  );
}
