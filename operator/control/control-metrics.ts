import { Counter, Gauge, type Registry } from "prom-client";
import type { Clock } from "./clock.ts";
import { type ControllerObserver, registerControllerMetrics } from "./controller-metrics.ts";
import { type QueueObserver, type QueueSnapshot, registerQueueMetrics } from "./queue-metrics.ts";

/** What a cache is asked for when the metrics are scraped. */
export interface CacheSnapshot {
  readonly objects: number;
  /** Since the API server was last heard of, bookmarks included, in seconds. */
  readonly ageSeconds: number;
}

/** What a cache tells as it happens. */
export interface CacheObserver {
  /** Its watch ended and was begun again, for whatever reason. */
  watchRestarted(): void;
  /** Everything was listed, at the start or because a watch could not go on. */
  listed(): void;
}

/** What becomes of an event. */
export type EventOutcome = "sent" | "counted" | "dropped" | "failed";

/** The control loop's metrics. Labels are bounded: no object's name is in them. */
export interface ControlMetrics {
  /** Observes a queue, named as its controller. */
  queue(name: string, snapshot: () => QueueSnapshot): QueueObserver;
  controller(name: string, workers: number): ControllerObserver;
  /** Observes the cache of a type: `deployments`, `pods`. */
  cache(resource: string, snapshot: () => CacheSnapshot): CacheObserver;
  /** Tells whether this process leads. */
  leading(lease: string, isLeading: boolean): void;
  event(outcome: EventOutcome): void;
  /** The longest lateness of a timer lately, in milliseconds. */
  eventLoopLag(lagMs: () => number): void;
}

/** Registers what controller-runtime and client-go have under their names, so that dashboards made for them work, and the rest under `operator_`. */
export function registerControlMetrics(registry: Registry, clock: Clock): ControlMetrics {
  const registers = [registry];
  const status = new Gauge({
    name: "leader_election_master_status",
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.",
    labelNames: ["name"],
    registers,
  });
  const events = new Counter({
    name: "operator_events_total",
    help: "Events by what became of them: sent, counted onto one that was sent, dropped because there were too many, failed.",
    labelNames: ["outcome"],
    registers,
  });
  return {
    queue: registerQueueMetrics(registry),
    controller: registerControllerMetrics(registry, clock),
    cache: registerCacheMetrics(registry),
    leading: (name, isLeading) => status.set({ name }, isLeading ? 1 : 0),
    event: (outcome) => events.inc({ outcome }),
    eventLoopLag: (lagMs) => {
      new Gauge({
        name: "operator_event_loop_lag_seconds",
        help: "How late the latest timers were at most.",
        registers,
        collect() {
          this.set(lagMs() / 1000);
        },
      });
    },
  };
}

function registerCacheMetrics(registry: Registry): ControlMetrics["cache"] {
  const labelNames = ["resource"] as const;
  const caches = new Map<string, () => CacheSnapshot>();
  const counter = (name: string, help: string): Counter<"resource"> =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, value: (snapshot: CacheSnapshot) => number): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const [resource, snapshot] of caches) this.set({ resource }, value(snapshot()));
      },
    });
  };
  gauge("operator_cache_objects", "Objects that are cached.", ({ objects }) => objects);
  gauge(
    "operator_cache_age_seconds",
    "Since the API server was last heard of, bookmarks included: what the cache may be behind.",
    ({ ageSeconds }) => ageSeconds,
  );
  const restarts = counter("operator_watch_restarts_total", "Watches that ended and were begun again.");
  const lists = counter("operator_lists_total", "Times that everything was listed.");
  return (resource, snapshot) => {
    caches.set(resource, snapshot);
    restarts.inc({ resource }, 0);
    lists.inc({ resource }, 0);
    return { watchRestarted: () => restarts.inc({ resource }), listed: () => lists.inc({ resource }) };
  };
}
