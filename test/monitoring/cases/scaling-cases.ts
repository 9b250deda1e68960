import type { AlertCase } from "./alert-case.ts";
import { always, climbing, leader, ofPipeline, orders, series, long } from "./series.ts";

/** What keeps the autoscaler from helping. */
export const scaling: readonly AlertCase[] = [
  ...["Maximum", "PartitionSkew", "SinkLimited", "Ineffective"].map((limiter): AlertCase => ({
    alert: "SnowlineScalingLimited",
    what: `where ${limiter} holds the autoscaler for long`,
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter }),
      ofPipeline("lag_seconds", always(400)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "31m",
    fires: {
      labels: { ...orders, limiter },
      severity: "warning",
      summary: "shop/orders is behind, and more pods are not the way out",
      description: `The autoscaler is held by ${limiter} for 30 minutes while the table is 6m 40s behind.`,
    },
  })),
  {
    alert: "SnowlineScalingLimited",
    what: "where the sink limits it and the lag is within its target",
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter: "SinkLimited" }),
      ofPipeline("lag_seconds", always(40)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineScalingLimited",
    what: "where it is behind and the number of pods follows from the demand",
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter: "Demand" }),
      ofPipeline("lag_seconds", always(400)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineProbeFailing",
    what: "where the source of a sleeping pipeline does not answer",
    series: [series("snowline_probe_failures_total", leader, climbing(0, 1))],
    at: "30m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders sleeps, and its source does not tell whether there is something to read",
      description: "30 questions to the source failed within 15 minutes. A pod is run to be safe.",
    },
  },
  {
    alert: "SnowlineProbeFailing",
    what: "where it failed a few times and answers again",
    series: [series("snowline_probe_failures_total", leader, `0+1x4 4+0x${long}`)],
    at: "20m",
    fires: null,
  },
];
