import type { AlertCase } from "./alert-case.ts";
import { always, climbing, ofPipeline, orders, takenOver } from "./series.ts";

/** A pipeline that is behind. */
export const lag: readonly AlertCase[] = [
  {
    alert: "SnowlineLagOverTarget",
    what: "while the lag grows above the target of its scaling",
    series: [ofPipeline("lag_seconds", climbing(0, 10)), ofPipeline("target_lag_seconds", always(60))],
    at: "40m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 13m 20s behind the source, and 1m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "for a pipeline without scaling, by the chart's threshold",
    series: [ofPipeline("lag_seconds", always(1200))],
    at: "20m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 20m 0s behind the source, and 15m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "on while another replica of the operator takes over",
    series: [...takenOver("lag_seconds", 400), ...takenOver("target_lag_seconds", 60)],
    at: "23m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 6m 40s behind the source, and 1m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "while a greater lag shrinks fast enough",
    series: [ofPipeline("lag_seconds", climbing(3600, -40)), ofPipeline("target_lag_seconds", always(60))],
    at: "40m",
    fires: null,
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "without scaling, below the chart's threshold",
    series: [ofPipeline("lag_seconds", always(890))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "in the first ten minutes",
    series: [ofPipeline("lag_seconds", always(1200))],
    at: "9m",
    fires: null,
  },
];
