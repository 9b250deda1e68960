import type { Board, Section } from "./board.ts";
import { hours, ofPipeline, perSecond, type Scope, targetOf } from "./of-pipelines.ts";
import { bars, overTime, stat, states } from "./panels.ts";

const scope: Scope = { selector: 'namespace="$namespace",pipeline="$pipeline"' };
const { selector } = scope;
/** A metric of the pipeline's pods: `by` is what tells its series apart. */
const inPods = (by: string, expr: (of: string) => string): string => `sum by (${by}) (${expr(selector)})`;
/** Splits of one panel: more cannot be told apart. */
const splitsShownMax = 12;

const lagSeconds = ofPipeline("snowline_pipeline_lag_seconds", scope);
const lagRecords = ofPipeline("snowline_pipeline_lag_records", scope);
const pods = ofPipeline("snowline_pipeline_replicas", scope);
const target = targetOf(scope);
const isWithin = `timestamp(${lagSeconds} <= on (namespace, pipeline) ${target})`;
const trueOrFalse = { "0": ["False", "red"], "1": ["True", "green"] } as const;

const behind: Section = {
  title: "Is it behind, and since when",
  panels: [
    stat("Lag", "Age of the oldest record that is not in the table.", { expr: lagSeconds, unit: "s" }),
    stat("Target", "scaling.targetLagSeconds; 60 s where there is none.", { expr: target, unit: "s" }),
    stat("Records behind", "Not yet loaded, over all partitions.", { expr: lagRecords }),
    stat("Last within its target", "Empty: not once in this range. Choose a longer one.", {
      expr: `max(max_over_time((${isWithin})[$__range:1m])) * 1000`,
      unit: "dateTimeFromNow",
    }),
    stat("Last load", "A batch without a row counts: its records are done.", {
      expr: `${ofPipeline("snowline_pipeline_last_load_timestamp_seconds", scope)} * 1000`,
      unit: "dateTimeFromNow",
    }),
    stat("Time over the target", "In this range.", {
      expr: hours(`${lagSeconds} > bool on (namespace, pipeline) ${target}`),
      unit: "h",
    }),
    stat("Rows per second", "Into the table.", { expr: perSecond("snowline_pipeline_rows_loaded_total", scope), unit: "rowsps" }),
    stat("Ready", "kubectl describe pipeline says why not, in a sentence.", {
      expr: ofPipeline("snowline_pipeline_condition", scope, 'type="Ready"'),
      names: trueOrFalse,
    }),
    overTime("Lag and its target", "Where the lag stays above, something below limits it.", {
      unit: "s",
      queries: [
        { expr: lagSeconds, legend: "lag" },
        { expr: target, legend: "target" },
      ],
    }),
    overTime("What arrives and what is loaded", "Arrivals above loads: it falls behind.", {
      unit: "cps",
      queries: [
        { expr: ofPipeline("snowline_pipeline_arrivals_per_second", scope), legend: "records that arrive" },
        {
          expr: inPods("pipeline", (of) => `rate(snowline_records_read_total{${of}}[$__rate_interval])`),
          legend: "records read",
        },
        { expr: inPods("pipeline", (of) => `rate(snowline_rows_loaded_total{${of}}[$__rate_interval])`), legend: "rows loaded" },
      ],
    }),
    overTime("Records behind, by partition", "One far above the others: its key is hot, and no number of pods helps.", {
      queries: [
        {
          expr: `topk(${splitsShownMax}, max by (topic, partition) (snowline_lag_records{${selector}}))`,
          legend: "{{topic}}/{{partition}}",
        },
      ],
    }),
    overTime("Lag, by partition", "Age of the oldest record that is not loaded, as far as is known.", {
      unit: "s",
      queries: [
        {
          expr: `topk(${splitsShownMax}, max by (topic, partition) (snowline_lag_seconds{${selector}}))`,
          legend: "{{topic}}/{{partition}}",
        },
      ],
    }),
  ],
};

const limits: Section = {
  title: "What limits it",
  panels: [
    states(
      "Limiter of the autoscaler",
      "What the number of pods follows from, or what holds it. status.scaling says it in a sentence.",
      {
        queries: [
          {
            expr: `max by (limiter) (snowline_pipeline_scaling_limiter{${selector}})`,
            legend: "{{limiter}}",
          },
        ],
        names: { "1": ["this", "blue"] },
      },
    ),
    overTime("What the autoscaler reckons with", "Capacity is of one pod: times the pods it should be above what arrives.", {
      unit: "cps",
      queries: [
        { expr: ofPipeline("snowline_pipeline_arrivals_per_second", scope), legend: "arrives" },
        { expr: ofPipeline("snowline_pipeline_capacity_per_second", scope), legend: "one pod can carry" },
        {
          expr: `${ofPipeline("snowline_pipeline_capacity_per_second", scope)} * on (namespace, pipeline) ${pods}`,
          legend: "all pods can carry",
        },
      ],
    }),
    overTime(
      "Busy",
      "Part of the time in which the pod's busiest stage works. At 1 it cannot go faster: more pods help, or more CPU.",
      {
        unit: "percentunit",
        max: 1,
        queries: [{ expr: `max by (pod) (snowline_busy_fraction{${selector}})`, legend: "{{pod}}" }],
      },
    ),
    overTime(
      "Waiting for the sink",
      "Part of the time in which a transformed batch waits for the sink. Near 1 the warehouse is the limit: a larger one, or larger batches.",
      {
        unit: "percentunit",
        max: 1,
        queries: [{ expr: `max by (pod) (snowline_sink_wait_fraction{${selector}})`, legend: "{{pod}}" }],
      },
    ),
    overTime("Stages, busy", "The highest stage is the one to mend: read, transform, dead_letter or load.", {
      unit: "percentunit",
      queries: [
        {
          expr: `max by (stage) (rate(snowline_stage_busy_seconds_total{${selector}}[$__rate_interval]))`,
          legend: "{{stage}}",
        },
      ],
    }),
    overTime("Stages, how long a batch takes", "95 of 100 batches are faster.", {
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (stage, le) (rate(snowline_stage_duration_seconds_bucket{${selector}}[5m])))`,
          legend: "{{stage}}",
        },
      ],
    }),
    overTime("Call in progress", "How long the stage has been at it. What only climbs hangs.", {
      unit: "s",
      queries: [{ expr: `max by (stage) (snowline_stage_call_age_seconds{${selector}})`, legend: "{{stage}}" }],
    }),
    overTime("Pods", "Wanted by the spec or the autoscaler, there, and proven.", {
      queries: [
        { expr: ofPipeline("snowline_pipeline_replicas_wanted", scope), legend: "wanted" },
        { expr: pods, legend: "there" },
        { expr: ofPipeline("snowline_pipeline_replicas_ready", scope), legend: "ready" },
      ],
    }),
    overTime("Scalings per hour", "Changes of the number of pods by the autoscaler.", {
      queries: [
        {
          expr: `max by (direction) (increase(snowline_pipeline_scalings_total{${selector}}[1h]))`,
          legend: "{{direction}}",
        },
      ],
    }),
    overTime("Rebalances: time lost", "Part of the time in which changes of who reads what kept pods from reading.", {
      unit: "percentunit",
      queries: [
        {
          expr: inPods("pod", (of) => `rate(snowline_rebalance_stall_seconds_total{${of}}[5m])`),
          legend: "{{pod}}",
        },
      ],
    }),
  ],
};

const rejected: Section = {
  title: "What was rejected",
  panels: [
    overTime(
      "Rejected per second",
      "By the format before the transform, or by the transform. The dead letters have the reason of each.",
      {
        queries: [
          {
            expr: inPods("refused_by", (of) => `rate(snowline_records_rejected_total{${of}}[$__rate_interval])`),
            legend: "{{refused_by}}",
          },
        ],
      },
    ),
    overTime("Rejected part", "Of the records read, as quality.rejected judges it.", {
      unit: "percentunit",
      queries: [{ expr: `max by (pod) (snowline_rejected_fraction{${selector}})`, legend: "{{pod}}" }],
    }),
    overTime("Passed over per second", "By the source's own rule, such as tombstones.", {
      queries: [
        { expr: inPods("pipeline", (of) => `rate(snowline_records_skipped_total{${of}}[$__rate_interval])`), legend: "skipped" },
      ],
    }),
    overTime(
      "Batches given up per hour",
      "A split had moved or another pod had taken it over: nothing of them was written, and they are read again.",
      {
        queries: [{ expr: inPods("pod", (of) => `increase(snowline_conflicts_total{${of}}[1h])`), legend: "{{pod}}" }],
      },
    ),
  ],
};

const cost: Section = {
  title: "What it costs",
  panels: [
    stat("Pod-hours", "In this range.", { expr: hours(pods), unit: "h", width: 6 }),
    stat("Loads", "In this range. Each is one transaction, and wakes the warehouse; a higher load.everySeconds makes fewer.", {
      expr: `sum(increase(snowline_stage_duration_seconds_count{${selector},stage="load"}[$__range]))`,
      width: 6,
    }),
    stat("Records per load", "In this range.", {
      expr: `sum(increase(snowline_batch_records_sum{${selector}}[$__range])) / sum(increase(snowline_batch_records_count{${selector}}[$__range]))`,
      width: 6,
    }),
    stat("CPU seconds per million rows", "In this range, of all its pods.", {
      expr: `sum(increase(process_cpu_seconds_total{${selector}}[$__range])) / sum(increase(snowline_rows_loaded_total{${selector}}[$__range])) * 1e6`,
      unit: "s",
      width: 6,
    }),
    overTime("CPU", "Cores in use, by pod.", {
      queries: [{ expr: `sum by (pod) (rate(process_cpu_seconds_total{${selector}}[$__rate_interval]))`, legend: "{{pod}}" }],
    }),
    overTime("Memory", "Of the process, by pod.", {
      unit: "bytes",
      queries: [{ expr: `max by (pod) (process_resident_memory_bytes{${selector}})`, legend: "{{pod}}" }],
    }),
  ],
};

const health: Section = {
  title: "Is it well",
  panels: [
    states("Conditions", "What kubectl describe shows, over time. Empty: Unknown.", {
      queries: [{ expr: `max by (type) (snowline_pipeline_condition{${selector}})`, legend: "{{type}}" }],
      names: trueOrFalse,
    }),
    overTime("Restarts of its pods", "Containers that were started again, of the pods that are there.", {
      queries: [{ expr: ofPipeline("snowline_pipeline_pod_restarts", scope), legend: "restarts" }],
    }),
    overTime("Repeated calls per hour", "Because the connection was gone.", {
      queries: [{ expr: inPods("component", (of) => `increase(snowline_retries_total{${of}}[1h])`), legend: "{{component}}" }],
    }),
    states(
      "Rollout taken back",
      "The last good spec runs, because the new one did not prove itself. status.failedRollout has the reason.",
      {
        queries: [{ expr: ofPipeline("snowline_pipeline_failed_rollout", scope), legend: "taken back" }],
        names: { "0": ["no", "green"], "1": ["yes", "orange"] },
      },
    ),
    bars(
      "Probes that failed, in this range",
      "While no pod runs, the operator asks the source whether there is something to read.",
      {
        queries: [
          {
            expr: `max by (namespace, pipeline) (increase(snowline_probe_failures_total{${selector}}[$__range]))`,
            legend: "failed",
          },
        ],
      },
    ),
  ],
};

/** One pipeline: whether it is behind, since when, what limits it, what was rejected, what it costs, whether it is well. */
export const pipeline: Board = {
  uid: "snowline-pipeline",
  title: "Snowline / Pipeline",
  description: "One pipeline: whether it is behind, since when, what limits it, what was rejected, what it costs.",
  from: "now-3h",
  variables: [
    { name: "namespace", label: "Namespace", query: "label_values(snowline_pipeline_replicas, namespace)", several: false },
    {
      name: "pipeline",
      label: "Pipeline",
      query: 'label_values(snowline_pipeline_replicas{namespace="$namespace"}, pipeline)',
      several: false,
    },
  ],
  sections: [behind, limits, rejected, cost, health],
};
