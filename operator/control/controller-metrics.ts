import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "./clock.ts";

/** How a reconcile ended. */
const results = ["success", "requeue_after", "requeue", "error"] as const;
type Result = (typeof results)[number];

/** controller-runtime's, in seconds. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3,
  3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

/** What a controller tells as it happens. */
export interface ControllerObserver {
  /** A reconcile began; the answer is called once, when it is over. */
  began(): (result: Result) => void;
  /** There was nothing to do. */
  settled(): void;
  /** Beside the result `error`: it is not tried again. */
  terminal(): void;
  /** Beside the result `error`: a fault of the program, not of the cluster. */
  panicked(): void;
  /** The deadline passed before it ended. */
  timedOut(): void;
}

/** Registers `controller_runtime_*` under controller-runtime's names. The answer observes one controller more. */
export function registerControllerMetrics(
  registry: Registry,
  clock: Clock,
): (controller: string, workers: number) => ControllerObserver {
  const gauge = (name: string, help: string): Gauge<"controller"> =>
    new Gauge({ name, help, labelNames: ["controller"], registers: [registry] });
  const workersMax = gauge(
    "controller_runtime_max_concurrent_reconciles",
    "Maximum number of concurrent reconciles per controller",
  );
  const active = gauge("controller_runtime_active_workers", "Number of currently used workers per controller");
  const lastSuccess = gauge(
    "operator_controller_reconcile_last_success_timestamp_seconds",
    "Unix timestamp of the most recent reconcile that had nothing to do per controller",
  );
  const total = new Counter({
    name: "controller_runtime_reconcile_total",
    help: "Total number of reconciliations per controller",
    labelNames: ["controller", "result"],
    registers: [registry],
  });
  const time = new Histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Length of time per reconciliation per controller",
    labelNames: ["controller"],
    buckets: reconcileBuckets,
    registers: [registry],
  });
  const counters = registerCounters(registry);
  return (controller, workers) => {
    workersMax.set({ controller }, workers);
    active.set({ controller }, 0);
    for (const result of results) total.inc({ controller, result }, 0);
    for (const counter of Object.values(counters)) counter.inc({ controller }, 0);
    return {
      began: () => {
        const sinceMs = clock.monotonic();
        active.inc({ controller });
        return (result) => {
          active.dec({ controller });
          time.observe({ controller }, (clock.monotonic() - sinceMs) / 1000);
          total.inc({ controller, result });
          if (result === "error") counters.errors.inc({ controller });
        };
      },
      settled: () => {
        counters.settled.inc({ controller });
        lastSuccess.set({ controller }, clock.now() / 1000);
      },
      terminal: () => counters.terminal.inc({ controller }),
      panicked: () => counters.panics.inc({ controller }),
      timedOut: () => counters.timeouts.inc({ controller }),
    };
  };
}

function registerCounters(registry: Registry) {
  const counter = (name: string, help: string): Counter<"controller"> =>
    new Counter({ name, help, labelNames: ["controller"], registers: [registry] });
  return {
    errors: counter("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller"),
    terminal: counter(
      "controller_runtime_terminal_reconcile_errors_total",
      "Total number of terminal reconciliation errors per controller",
    ),
    panics: counter("controller_runtime_reconcile_panics_total", "Total number of reconciliation panics per controller"),
    timeouts: counter("controller_runtime_reconcile_timeouts_total", "Total number of reconciliation timeouts per controller"),
    settled: counter(
      "operator_controller_reconcile_steady_state_total",
      "Reconciles that had nothing to do: where reconcile_total climbs and this does not, a controller spins.",
    ),
  };
}
