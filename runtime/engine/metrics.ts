import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Condition } from "../../crds/kinds/condition.ts";
import type { Arrivals } from "./arrivals.ts";
import type { SplitLag } from "./lag.ts";
import type { Rates } from "./rate-window.ts";
import { type Stage, stages } from "./stage-clock.ts";

/** Splits with a lag series of their own, the furthest behind first: a directory of files must not flood Prometheus. */
const splitSeriesMax = 500;

/** What the engine is asked for when the metrics are scraped. */
export interface Scraped {
  readonly conditions: readonly Condition[];
  readonly rates: Rates;
  readonly splits: readonly SplitLag[];
  readonly stageBusySeconds: Readonly<Record<Stage, number>>;
  /** Seconds since the stage's call in progress began; null where there is none. */
  readonly stageCallSeconds: Readonly<Record<Stage, number | null>>;
  readonly sinkWaitSeconds: number;
  readonly arrivals: Arrivals;
  readonly rebalances: { readonly count: number; readonly stallSeconds: number };
}

/** What the engine counts. Labels are bounded and never hold a record's values. */
export interface EngineMetrics {
  readonly recordsRead: Counter;
  readonly recordsSkipped: Counter;
  /** `refused_by`: `format` before the transform, `transform` in it. */
  readonly recordsRejected: Counter<"refused_by">;
  readonly rowsLoaded: Counter;
  readonly batchRecords: Histogram;
  readonly batchBytes: Histogram;
  readonly stageDuration: Histogram<"stage">;
  readonly conflicts: Counter;
  readonly rejectedFraction: Gauge;
  /** `component`: `source`, `sink`, `dead_letters`. */
  readonly retries: Counter<"component">;
}

/** Registers the engine's metrics. `status` is asked when the metrics are scraped. */
export function registerEngineMetrics(registry: Registry, status: () => Scraped): EngineMetrics {
  const registers = [registry];
  registerStageSeconds(registry, status);
  registerGauges(registry, status);
  return {
    recordsRead: new Counter({
      name: "snowline_records_read_total",
      help: "Records read from the source. Records read again after a conflict count again.",
      registers,
    }),
    recordsSkipped: new Counter({
      name: "snowline_records_skipped_total",
      help: "Records passed over by the source's own rule, such as tombstones.",
      registers,
    }),
    recordsRejected: new Counter({
      name: "snowline_records_rejected_total",
      help: "Records that could not become a row, in loaded batches: by the format, or by the transform.",
      labelNames: ["refused_by"],
      registers,
    }),
    rowsLoaded: new Counter({ name: "snowline_rows_loaded_total", help: "Rows that are in the table.", registers }),
    batchRecords: new Histogram({
      name: "snowline_batch_records",
      help: "Records in a batch.",
      buckets: [1, 10, 100, 1_000, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000],
      registers,
    }),
    batchBytes: new Histogram({
      name: "snowline_batch_bytes",
      help: "Bytes of keys and values in a batch.",
      buckets: [1_024, 16_384, 262_144, 1_048_576, 4_194_304, 16_777_216, 33_554_432, 67_108_864, 134_217_728, 268_435_456],
      registers,
    }),
    stageDuration: new Histogram({
      name: "snowline_stage_duration_seconds",
      help: "How long a batch was in a stage: read from its first record until handed over, transform, dead_letter, load.",
      labelNames: ["stage"],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    conflicts: new Counter({
      name: "snowline_conflicts_total",
      help: "Batches given up because a split had moved or another owner had taken it over. Nothing of them was written.",
      registers,
    }),
    rejectedFraction: new Gauge({
      name: "snowline_rejected_fraction",
      help: "Part of the records that were rejected, of those loaded or rejected over quality.rejected.overSeconds (without it 300 s).",
      registers,
    }),
    retries: new Counter({
      name: "snowline_retries_total",
      help: "Calls repeated because the connection was gone.",
      labelNames: ["component"],
      registers,
    }),
  };
}

function registerStageSeconds(registry: Registry, status: () => Scraped): void {
  // Sums come from the engine's own clock, so that a call in progress counts while it lasts.
  const counter = (name: string, help: string, fill: (counter: Counter<"stage">, status: Scraped) => void): void => {
    const labelNames = name.includes("stage") ? (["stage"] as const) : [];
    new Counter<"stage">({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        fill(this, status());
      },
    });
  };
  counter(
    "snowline_stage_busy_seconds_total",
    "Seconds each stage worked; what a load takes at least counts in the part that its batch was full. The busy fraction of the pipeline is the greatest rate of any stage: max without(stage) (rate(…[1m])).",
    (target, { stageBusySeconds }) => {
      for (const stage of stages) target.inc({ stage }, stageBusySeconds[stage]);
    },
  );
  counter(
    "snowline_sink_wait_seconds_total",
    "Seconds in which transformed batches waited for the sink, each in the part that it was full. Its rate is the sink-wait fraction: near 1 more pods do not help.",
    (target, { sinkWaitSeconds }) => target.inc(sinkWaitSeconds),
  );
  counter(
    "snowline_rebalances_total",
    "Changes of the splits that this pod reads, such as partitions that came from another pod.",
    (target, { rebalances }) => target.inc(rebalances.count),
  );
  counter(
    "snowline_rebalance_stall_seconds_total",
    "Seconds for which such changes kept this pod's splits from being read, averaged over all of them.",
    (target, { rebalances }) => target.inc(rebalances.stallSeconds),
  );
}

function registerGauges(registry: Registry, status: () => Scraped): void {
  const gauge = <L extends string>(
    name: string,
    {
      help,
      labelNames = [],
      fill,
    }: { help: string; labelNames?: readonly L[]; fill: (gauge: Gauge<L>, status: Scraped) => void },
  ): void => {
    new Gauge<L>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        fill(this, status());
      },
    });
  };
  const perSplit =
    (member: "records" | "seconds") =>
    (target: Gauge<"topic" | "partition">, { splits }: Scraped) => {
      const known = splits.filter((split) => split[member] !== null).toSorted(furthestBehindFirst);
      for (const { topic, partition, [member]: value } of known.slice(0, splitSeriesMax)) {
        target.set({ topic, partition }, value ?? 0);
      }
    };
  const labelNames = ["topic", "partition"] as const;
  gauge("snowline_lag_records", {
    help: "Records not yet loaded, of each split this pod owns.",
    labelNames,
    fill: perSplit("records"),
  });
  gauge("snowline_lag_seconds", {
    help: "Age of the oldest record that is not loaded, as far as is known; 0 where all are.",
    labelNames,
    fill: perSplit("seconds"),
  });
  gauge("snowline_arrivals_per_second", {
    help: "Records that arrived at the splits of this pod each second of the last minute; no series while that is not known.",
    fill: (target, { arrivals }) => {
      if (arrivals.recordsPerSecond === null) target.remove();
      else target.set(arrivals.recordsPerSecond);
    },
  });
  gauge<Stage>("snowline_busy_fraction", {
    help: "Part of the last minute in which the busiest stage worked. At 1 this pod cannot go faster.",
    fill: (target, { rates }) => target.set(rates.busyFraction),
  });
  gauge("snowline_sink_wait_fraction", {
    help: "Part of the last minute in which a transformed batch waited for the sink.",
    fill: (target, { rates }) => target.set(rates.sinkWaitFraction),
  });
  gauge<"stage">("snowline_stage_call_age_seconds", {
    help: "How long the stage's call in progress has been; 0 without one. A call that hangs shows here before liveness fails.",
    labelNames: ["stage"],
    fill: (target, { stageCallSeconds }) => {
      for (const stage of stages) target.set({ stage }, stageCallSeconds[stage] ?? 0);
    },
  });
  gauge<"type">("snowline_condition", {
    help: "1 where the condition is True, 0 where it is False or Unknown.",
    labelNames: ["type"],
    fill: (target, { conditions }) => {
      for (const condition of conditions) target.set({ type: condition.type }, condition.status === "True" ? 1 : 0);
    },
  });
}

const furthestBehindFirst = (a: SplitLag, b: SplitLag): number => (b.records ?? 0) - (a.records ?? 0);
