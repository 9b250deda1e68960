import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { KnownPipeline } from "../../../operator/pipeline/known-pipelines.ts";
import { registerPipelineMetrics } from "../../../operator/pipeline/pipeline-metrics.ts";
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

/** Lines of a scrape without their comments. */
async function scraped(pipelines: () => readonly KnownPipeline[]): Promise<readonly string[]> {
  const registry = new Registry();
  registerPipelineMetrics(registry, pipelines);
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("each pipeline tells how it is", async () => {
  const labels = 'namespace="shop",pipeline="a"';
  expect(await scraped(() => [known("a")])).toEqual([
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

  test("without scaling there is nothing of it", async () => {
    const { scaling: _scaling, ...rest } = status;
    const { pipeline, ...others } = known("a", { status: rest });
    const { scaling: _spec, ...spec } = pipeline.spec;
    const lines = await scraped(() => [{ ...others, pipeline: { ...pipeline, spec } }]);
    expect(names(lines).filter((name) => /scal|target|capacity|arrivals|probe/.test(name))).toEqual([]);
  });

  test("before the first status there are only zeros that are true", async () => {
    const lines = await scraped(() => [known("a", { status: {} })]);
    expect(names(lines).filter((name) => /pipeline_lag|replicas|condition|loaded|load_time/.test(name))).toEqual([]);
  });
});

test("a pipeline that is gone, and what another process tells of, leave no series; a limiter that no longer holds neither", async () => {
  const registry = new Registry();
  let pipelines = [known("a"), known("b")];
  registerPipelineMetrics(registry, () => pipelines);
  expect(await registry.metrics()).toContain('pipeline="a",limiter="Maximum"');
  pipelines = [known("a", { status: { ...status, scaling: { ...status.scaling!, limiter: "Demand" } } })];
  const text = await registry.metrics();
  expect(text).not.toContain('pipeline="b"');
  expect(text).not.toContain('limiter="Maximum"');
  // A counter is not counted twice by being scraped twice.
  expect(text).toContain('snowline_pipeline_rows_loaded_total{namespace="shop",pipeline="a"} 10');
  pipelines = [];
  expect(await registry.metrics()).not.toContain("pipeline=");
});

test("five thousand pipelines are told within a few seconds of a processor", { timeout: 60_000 }, async () => {
  const one = known("a");
  const all = Array.from({ length: 5_000 }, (_, at): KnownPipeline => {
    const metadata = { ...one.pipeline.metadata, name: `a${at}` };
    return { ...one, pipeline: { ...one.pipeline, metadata } };
  });
  const registry = new Registry();
  registerPipelineMetrics(registry, () => all);
  await registry.metrics();
  const began = process.cpuUsage();
  const text = await registry.metrics();
  const { user, system } = process.cpuUsage(began);
  expect(text.length).toBeGreaterThan(5_000_000);
  // In microseconds. It took 0.4 s on a machine of two processors that eight shared.
  expect(user + system).toBeLessThan(3_000_000);
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
