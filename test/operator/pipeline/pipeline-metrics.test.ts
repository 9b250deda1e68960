import { describe, expect, test } from "vitest";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import { textOf } from "../../../operator/control/scraped-metrics.ts";
import type { KnownPipeline } from "../../../operator/pipeline/known-pipelines.ts";
import { pipelineMetrics } from "../../../operator/pipeline/pipeline-metrics.ts";
import { createPipelineTallies } from "../../../operator/pipeline/pipeline-tallies.ts";
import { orders } from "./orders.ts";

const status: PipelineStatus = {
  conditions: [
    { type: "Ready", status: "True", reason: "Running", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    { type: "Scaling", status: "False", reason: "Maximum", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    { type: "SinkReachable", status: "Unknown", reason: "Starting", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ],
  pods: "2/3",
  replicas: 3,
  readyReplicas: 2,
  lag: { records: 70, seconds: 7 },
  lastLoadTime: "2026-01-01T00:00:00Z",
  totals: { recordsRead: 12, rowsLoaded: 10, recordsRejected: 2 },
  scaling: {
    replicas: 3,
    limiter: "Maximum",
    message: "",
    terms: { capacityPerSecond: 100, arrivalsPerSecond: 250 },
  },
};

function known(name: string, more: { readonly set?: object; readonly status?: PipelineStatus } = {}): KnownPipeline {
  const { pipeline } = orders({ set: { "spec.scaling": { max: 3 }, ...more.set } });
  const metadata = { ...pipeline.metadata, name };
  const tally = { scaledUp: 4, scaledDown: 1, probeFailures: 5 };
  return { pipeline: { ...pipeline, metadata, status: more.status ?? status }, podRestarts: () => 6, tally };
}

const pageOf = (...pipelines: readonly KnownPipeline[]): string => [...textOf(pipelineMetrics(pipelines))].join("");

/** Lines of a scrape without their comments. */
const scraped = (...pipelines: readonly KnownPipeline[]): readonly string[] =>
  pageOf(...pipelines)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

test("each pipeline tells how it is", () => {
  const labels = 'namespace="shop",pipeline="a"';
  expect(scraped(known("a"))).toEqual([
    `snowline_pipeline_condition{${labels},type="Ready"} 1`,
    `snowline_pipeline_condition{${labels},type="Scaling"} 0`,
    `snowline_pipeline_replicas{${labels}} 3`,
    `snowline_pipeline_replicas_ready{${labels}} 2`,
    `snowline_pipeline_replicas_wanted{${labels}} 3`,
    `snowline_pipeline_lag_records{${labels}} 70`,
    `snowline_pipeline_lag_seconds{${labels}} 7`,
    `snowline_pipeline_target_lag_seconds{${labels}} 60`,
    `snowline_pipeline_suspended{${labels}} 0`,
    `snowline_pipeline_failed_rollout{${labels}} 0`,
    `snowline_pipeline_last_load_timestamp_seconds{${labels}} 1767225600`,
    `snowline_pipeline_records_rejected_total{${labels}} 2`,
    `snowline_pipeline_rows_loaded_total{${labels}} 10`,
    `snowline_pipeline_pod_restarts{${labels}} 6`,
    `snowline_pipeline_scaling_limiter{${labels},limiter="Maximum"} 1`,
    `snowline_pipeline_scalings_total{${labels},direction="up"} 4`,
    `snowline_pipeline_scalings_total{${labels},direction="down"} 1`,
    `snowline_pipeline_capacity_per_second{${labels}} 100`,
    `snowline_pipeline_arrivals_per_second{${labels}} 250`,
    `snowline_probe_failures_total{${labels}} 5`,
  ]);
});

describe("what is not so is not told", () => {
  const names = (lines: readonly string[]): readonly string[] => lines.map((line) => line.split("{")[0]!);

  test("without scaling there is nothing of it", () => {
    const { scaling: _scaling, ...rest } = status;
    const { pipeline, ...others } = known("a", { status: rest });
    const { scaling: _spec, ...spec } = pipeline.spec;
    const lines = scraped({ ...others, pipeline: { ...pipeline, spec } });
    expect(names(lines).filter((name) => /scal|target|capacity|arrivals|probe/.test(name))).toEqual([]);
  });

  test("what is no number or time, in a status that another version wrote", () => {
    const lines = scraped(known("a", { status: { ...status, pods: "some", lastLoadTime: "lately" } }));
    expect(names(lines).filter((name) => /wanted|last_load/.test(name))).toEqual([]);
  });

  test("before the first status there are only zeros that are true", () => {
    const lines = scraped(known("a", { status: {} }));
    expect(names(lines).filter((name) => /pipeline_lag|replicas|condition|loaded|load_time/.test(name))).toEqual([]);
  });
});

test("counts go with their pipeline", () => {
  const tallies = createPipelineTallies();
  const key = { namespace: "shop", name: "a" };
  tallies.scaled(key, "up");
  tallies.scaled(key, "down");
  tallies.scaled(key, "down");
  tallies.probeFailed(key);
  expect(tallies.of(key)).toEqual({ scaledUp: 1, scaledDown: 2, probeFailures: 1 });
  tallies.forget(key);
  expect(tallies.of(key)).toEqual({ scaledUp: 0, scaledDown: 0, probeFailures: 0 });
});
