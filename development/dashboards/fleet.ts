import type { Board, Section } from "./board.ts";
import { hours, ofPipeline, perSecond, type Scope, targetOf } from "./of-pipelines.ts";
import { bars, overTime, stat } from "./panels.ts";

const scope: Scope = { selector: 'namespace=~"$namespace"' };
const { selector } = scope;
const named = "{{namespace}}/{{pipeline}}";
/** Series of one panel: more cannot be told apart. */
const shownMax = 15;
const top = (expr: string): string => `topk(${shownMax}, ${expr})`;
const counted = (expr: string): string => `count(${expr}) or vector(0)`;

const lagSeconds = ofPipeline("snowline_pipeline_lag_seconds", scope);
const lagRecords = ofPipeline("snowline_pipeline_lag_records", scope);
const pods = ofPipeline("snowline_pipeline_replicas", scope);
const ready = ofPipeline("snowline_pipeline_condition", scope, 'type="Ready"');
const rows = perSecond("snowline_pipeline_rows_loaded_total", scope);
const rejected = perSecond("snowline_pipeline_records_rejected_total", scope);
const isOver = `${lagSeconds} > on (namespace, pipeline) ${targetOf(scope)}`;
const rejectedRecently = `max by (namespace, pipeline) (increase(snowline_pipeline_records_rejected_total{${selector}}[1h]))`;

const atAGlance: Section = {
  title: "At a glance",
  panels: [
    stat("Pipelines", "All that the operator looks after.", { expr: counted(pods) }),
    stat("Not ready", "Ready is False. kubectl describe pipeline says why, in a sentence.", {
      expr: counted(`${ready} == 0`),
      warnFrom: [1, 10],
    }),
    stat("Behind their target", "Older than scaling.targetLagSeconds; 60 s where there is none.", {
      expr: counted(isOver),
      warnFrom: [1, 10],
    }),
    stat("Asleep", "No pod runs: suspended, or scaled to zero because there is nothing to read.", {
      expr: counted(`${pods} == 0`),
    }),
    stat("Pods", "That run now.", { expr: `sum(${pods})` }),
    stat("Rows per second, all", "Into all tables.", { expr: `sum(${rows})`, unit: "rowsps" }),
    stat(
      "Rejected in this range",
      "Records that became no row. They are dead letters, or were counted and dropped, as the pipeline says.",
      {
        expr: `sum(max by (namespace, pipeline) (increase(snowline_pipeline_records_rejected_total{${selector}}[$__range])))`,
        warnFrom: [1, 1000],
      },
    ),
    stat("Rollouts taken back", "Pipelines that run their last good spec, because the new one did not prove itself.", {
      expr: `sum(${ofPipeline("snowline_pipeline_failed_rollout", scope)}) or vector(0)`,
      warnFrom: [1, 5],
    }),
  ],
};

const which: Section = {
  title: "Which",
  panels: [
    {
      kind: "table",
      title: "All pipelines",
      description: "The furthest behind can be sorted to the top. A row leads to the pipeline's own dashboard.",
      unit: "short",
      queries: [
        { expr: ready, legend: "Ready" },
        { expr: lagSeconds, legend: "Lag" },
        { expr: targetOf(scope), legend: "Target" },
        { expr: lagRecords, legend: "Records behind" },
        { expr: pods, legend: "Pods" },
        { expr: rows, legend: "Rows per second" },
        { expr: rejectedRecently, legend: "Rejected in 1 h" },
        { expr: ofPipeline("snowline_pipeline_pod_restarts", scope), legend: "Restarts of its pods" },
      ],
      columnUnits: { Ready: "bool_yes_no", Lag: "s", Target: "s", "Rows per second": "rowsps" },
      link: {
        title: "This pipeline",
        url: "/d/snowline-pipeline?${datasource:queryparam}&var-namespace=${__data.fields.namespace}&var-pipeline=${__data.fields.pipeline}&${__url_time_range}",
      },
    },
  ],
};

const behind: Section = {
  title: "Is it behind",
  panels: [
    overTime("Lag", "Age of the oldest record that is not in the table, the greatest first.", {
      unit: "s",
      queries: [{ expr: top(lagSeconds), legend: named }],
    }),
    overTime("Records behind", "Records not yet loaded.", { queries: [{ expr: top(lagRecords), legend: named }] }),
    bars("Time over the target, in this range", "For how long each was further behind than it should be.", {
      unit: "h",
      queries: [
        { expr: `sort_desc(${top(hours(`${lagSeconds} > bool on (namespace, pipeline) ${targetOf(scope)}`))})`, legend: named },
      ],
    }),
    overTime("Rows per second", "What is loaded.", { unit: "rowsps", queries: [{ expr: top(rows), legend: named }] }),
  ],
};

const limits: Section = {
  title: "What limits it",
  panels: [
    overTime(
      "Limiters of the autoscaler",
      "Pipelines by what their number of pods follows from. PartitionSkew, SinkLimited and Ineffective: more pods do not help.",
      {
        stacked: true,
        queries: [
          {
            expr: `sum by (limiter) (max by (namespace, pipeline, limiter) (snowline_pipeline_scaling_limiter{${selector}}))`,
            legend: "{{limiter}}",
          },
        ],
      },
    ),
    overTime("Busy", "Part of the time in which the busiest stage of the busiest pod works. At 1 that pod cannot go faster.", {
      unit: "percentunit",
      max: 1,
      queries: [{ expr: top(ofPipeline("snowline_busy_fraction", scope)), legend: named }],
    }),
    overTime(
      "Waiting for the sink",
      "Part of the time in which a transformed batch waits. Near 1 the warehouse is the limit, and more pods wait, too.",
      {
        unit: "percentunit",
        max: 1,
        queries: [{ expr: top(ofPipeline("snowline_sink_wait_fraction", scope)), legend: named }],
      },
    ),
    overTime("Rejected per second", "Records that became no row.", { queries: [{ expr: top(rejected), legend: named }] }),
  ],
};

const cost: Section = {
  title: "What it costs",
  panels: [
    overTime("Pods by namespace", "That run.", {
      stacked: true,
      queries: [{ expr: `sum by (namespace) (${pods})`, legend: "{{namespace}}" }],
    }),
    bars("Pod-hours in this range", "Multiply by what an hour of such a pod costs you.", {
      unit: "h",
      queries: [{ expr: `sort_desc(${top(hours(pods))})`, legend: named }],
    }),
    bars(
      "Loads in this range",
      "Each is one transaction in the warehouse, and wakes it. A higher load.everySeconds makes fewer.",
      {
        queries: [
          {
            expr: `sort_desc(${top(`sum by (namespace, pipeline) (increase(snowline_stage_duration_seconds_count{${selector},stage="load"}[$__range]))`)})`,
            legend: named,
          },
        ],
      },
    ),
    overTime("CPU seconds per million rows", "Of all pods of the pipeline.", {
      unit: "s",
      queries: [
        {
          expr: top(
            `sum by (namespace, pipeline) (rate(process_cpu_seconds_total{${selector},pipeline!=""}[5m])) / (sum by (namespace, pipeline) (rate(snowline_rows_loaded_total{${selector}}[5m])) > 0) * 1e6`,
          ),
          legend: named,
        },
      ],
    }),
  ],
};

const changes: Section = {
  title: "What changed",
  panels: [
    overTime("Pods, wanted and ready", "Ready below wanted for long: pods do not start, or do not prove themselves.", {
      queries: [
        { expr: `sum(${ofPipeline("snowline_pipeline_replicas_wanted", scope)})`, legend: "wanted" },
        { expr: `sum(${ofPipeline("snowline_pipeline_replicas_ready", scope)})`, legend: "ready" },
      ],
    }),
    overTime("Scalings per hour", "Changes of the number of pods by the autoscaler.", {
      stacked: true,
      queries: [
        { expr: `sum by (direction) (increase(snowline_pipeline_scalings_total{${selector}}[1h]))`, legend: "{{direction}}" },
      ],
    }),
    overTime("Restarts per hour", "Containers of pipelines that were started again.", {
      queries: [
        {
          expr: top(`clamp_min(max by (namespace, pipeline) (delta(snowline_pipeline_pod_restarts{${selector}}[1h])), 0)`),
          legend: named,
        },
      ],
    }),
    overTime("What is False", "Pipelines whose condition is False, by condition.", {
      queries: [
        {
          expr: `sum by (type) (max by (namespace, pipeline, type) (snowline_pipeline_condition{${selector}} == bool 0))`,
          legend: "{{type}}",
        },
      ],
    }),
  ],
};

/** All pipelines at a glance: which is behind, what limits it, what it costs. */
export const fleet: Board = {
  uid: "snowline-fleet",
  title: "Snowline / Fleet",
  description: "All pipelines: which are behind, since when, what limits them, what was rejected, what they cost.",
  from: "now-6h",
  variables: [
    { name: "namespace", label: "Namespace", query: "label_values(snowline_pipeline_replicas, namespace)", several: true },
  ],
  sections: [atAGlance, which, behind, limits, cost, changes],
};
