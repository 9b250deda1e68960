import type { AlertCase } from "./alert-case.ts";
import { always, condition, ofPipeline, orders, long } from "./series.ts";

/** What conditions tell. */
export const conditions: readonly AlertCase[] = [
  ...["SinkReachable", "DeadLettersReachable"].map((type): AlertCase => ({
    alert: "SnowlineSinkFailing",
    what: `while ${type} is False`,
    series: [condition(type, always(0))],
    at: "11m",
    fires: {
      labels: { ...orders, type },
      severity: "warning",
      summary: "shop/orders cannot load",
      description: `${type} has been False for 10 minutes. It goes on by itself as soon as the other side answers; positions are in the warehouse.`,
    },
  })),
  {
    alert: "SnowlineSinkFailing",
    what: "where it was False for five minutes only",
    series: [condition("SinkReachable", `0+0x10 1+0x${long}`)],
    at: "11m",
    fires: null,
  },
  {
    alert: "SnowlineSinkFailing",
    what: "where the source is the trouble",
    series: [condition("SinkReachable", always(1)), condition("SourceReachable", always(0))],
    at: "30m",
    fires: null,
  },
  ...["SourceReachable", "SourceAsExpected"].map((type): AlertCase => ({
    alert: "SnowlineSourceFailing",
    what: `while ${type} is False`,
    series: [condition(type, always(0))],
    at: "11m",
    fires: {
      labels: { ...orders, type },
      severity: "warning",
      summary: "shop/orders cannot read as it should",
      description: `${type} has been False for 10 minutes. SourceAsExpected: it reads on, and what the message says may have cost records.`,
    },
  })),
  {
    alert: "SnowlineSourceFailing",
    what: "where the sink is the trouble",
    series: [condition("SourceReachable", always(1)), condition("SinkReachable", always(0))],
    at: "30m",
    fires: null,
  },
  {
    alert: "SnowlineRolloutTakenBack",
    what: "while the last good spec runs again",
    series: [ofPipeline("failed_rollout", always(1))],
    at: "2m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders runs its last good spec, not the new one",
      description: "The new pods did not prove themselves, and the last proven revision runs again. Rows arrive.",
    },
  },
  {
    alert: "SnowlineRolloutTakenBack",
    what: "where the new one proved itself",
    series: [ofPipeline("failed_rollout", `1+0x10 0+0x${long}`)],
    at: "20m",
    fires: null,
  },
  {
    alert: "SnowlineQualityNotAsExpected",
    what: "while a bound of the data's quality is passed",
    series: [condition("QualityAsExpected", always(0))],
    at: "2m",
    fires: {
      labels: { ...orders, type: "QualityAsExpected" },
      severity: "warning",
      summary: "shop/orders carries data that is not as its owner expects",
      description: "A bound of spec.quality is passed. The condition QualityAsExpected has the numbers.",
    },
  },
  {
    alert: "SnowlineQualityNotAsExpected",
    what: "while the data is as expected",
    series: [condition("QualityAsExpected", always(1)), condition("Ready", always(0))],
    at: "20m",
    fires: null,
  },
];
