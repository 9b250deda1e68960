import type { AlertCase, Series } from "./alert-case.ts";
import { always, climbing, operator, replica, series } from "./series.ts";

const total = (result: string, values: string): Series =>
  series("controller_runtime_reconcile_total", { ...replica("snowline-a"), controller: "pipeline", result }, values);
const errors = (values: string): Series =>
  series("controller_runtime_reconcile_errors_total", { ...replica("snowline-a"), controller: "pipeline" }, values);
const depth = (pod: string, values: string): Series =>
  series("workqueue_depth", { ...replica(pod), name: "pipeline", controller: "pipeline", priority: "0" }, values);
const leads = (pod: string, value: number): Series =>
  series("leader_election_master_status", { ...replica(pod), name: "snowline" }, always(value));
const inOperator = { namespace: operator.namespace, pod: "snowline-a" };

/** The operator, at its work. */
export const notReconciling: readonly AlertCase[] = [
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "errors",
    what: "where three of four reconciles fail",
    series: [total("error", climbing(0, 3)), total("success", climbing(0, 1)), errors(climbing(0, 3))],
    at: "20m",
    fires: {
      labels: operator,
      severity: "warning",
      summary: "Most reconciles of the Snowline operator fail",
      description: "75% of the reconciles of the last 10 minutes failed. They are tried again.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "errors",
    what: "where one of four fails",
    series: [total("error", climbing(0, 1)), total("success", climbing(0, 3)), errors(climbing(0, 1))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where the leader has work and does none",
    series: [depth("snowline-a", always(7)), total("success", always(100)), leads("snowline-a", 1)],
    at: "11m",
    fires: {
      labels: inOperator,
      severity: "critical",
      summary: "The Snowline operator has work and does none",
      description: "7 objects wait at snowline-a, and none has been looked at for 10 minutes.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where nothing waits and nothing is done",
    series: [depth("snowline-a", always(0)), total("success", always(100)), leads("snowline-a", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where it is a standby whose queue waits",
    series: [depth("snowline-a", always(7)), total("success", always(100)), leads("snowline-a", 0), leads("snowline-b", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where much waits and work goes on",
    series: [depth("snowline-a", always(700)), total("success", climbing(0, 5)), leads("snowline-a", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "stuck",
    what: "where one reconcile does not end",
    series: [
      series("workqueue_longest_running_processor_seconds", { ...replica("snowline-a"), name: "pipeline" }, climbing(0, 30)),
    ],
    at: "11m",
    fires: {
      labels: { ...inOperator, name: "pipeline" },
      severity: "warning",
      summary: "A reconcile of the Snowline operator hangs",
      description: "One of pipeline at snowline-a has taken 11m 0s; the others go on.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "stuck",
    what: "where the longest takes a minute",
    series: [series("workqueue_longest_running_processor_seconds", { ...replica("snowline-a"), name: "pipeline" }, always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "cache",
    what: "where a watch hears nothing",
    series: [series("operator_cache_age_seconds", { ...replica("snowline-a"), resource: "pipelines" }, climbing(0, 30))],
    at: "16m",
    fires: {
      labels: { ...inOperator, resource: "pipelines" },
      severity: "warning",
      summary: "The Snowline operator hears nothing from the API server",
      description: "snowline-a last heard of pipelines 16m 0s ago, and acts on what was there then.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "cache",
    what: "where the last bookmark is two minutes old",
    series: [series("operator_cache_age_seconds", { ...replica("snowline-a"), resource: "pipelines" }, always(120))],
    at: "60m",
    fires: null,
  },
];
