import type { AlertCase } from "./alert-case.ts";
import { always, climbing, condition, ofPipeline, orders, takenOver } from "./series.ts";

/** A pipeline that loads nothing. */
export const stalled: readonly AlertCase[] = [
  {
    alert: "SnowlineStalled",
    what: "where records wait and the last load was long ago",
    series: [ofPipeline("lag_records", always(5000)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "27m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "where nothing was ever loaded",
    series: [ofPipeline("lag_records", always(5000))],
    at: "11m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "on while another replica of the operator takes over",
    series: takenOver("lag_records", 5000),
    at: "23m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "while loads go on",
    series: [ofPipeline("lag_records", always(5000)), ofPipeline("last_load_timestamp_seconds", climbing(0, 30))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineStalled",
    what: "where nothing waits",
    series: [ofPipeline("lag_records", always(0)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineStalled",
    what: "where its owner suspended it",
    series: [
      ofPipeline("lag_records", always(5000)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
      ofPipeline("suspended", always(1)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where a pipeline that loaded before has no pod any more",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(2)),
      ofPipeline("suspended", always(0)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "16m",
    fires: {
      labels: { ...orders, type: "Available" },
      severity: "critical",
      summary: "shop/orders has no pod that does its work",
      description: "It loaded rows before, and now none of its pods is ready. Last load: 15m 0s ago.",
    },
  },
  {
    alert: "SnowlineUnavailable",
    what: "on while another replica of the operator takes over",
    series: [...takenOver("condition", 0, { type: "Available" }), ...takenOver("last_load_timestamp_seconds", 60)],
    at: "23m",
    fires: {
      labels: { ...orders, type: "Available" },
      severity: "critical",
      summary: "shop/orders has no pod that does its work",
      description: "It loaded rows before, and now none of its pods is ready. Last load: 22m 0s ago.",
    },
  },
  {
    alert: "SnowlineUnavailable",
    what: "where one is ready",
    series: [condition("Available", always(1)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where none is wanted",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(0)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where its owner suspended it",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(2)),
      ofPipeline("suspended", always(1)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where it is new and never loaded",
    series: [condition("Available", always(0)), ofPipeline("replicas_wanted", always(2))],
    at: "60m",
    fires: null,
  },
];
