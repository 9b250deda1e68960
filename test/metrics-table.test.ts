import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { PipelineSpec } from "../crds/kinds/pipeline.ts";
import { systemClock as operatorClock } from "../operator/control/clock.ts";
import { registerControlMetrics } from "../operator/control/control-metrics.ts";
import { registerRequestMetrics } from "../operator/kube/request-metrics.ts";
import { registerPipelineMetrics } from "../operator/pipeline/pipeline-metrics.ts";
import { webhookMetrics } from "../operator/webhook/webhook-metrics.ts";
import { systemClock } from "../runtime/engine/clock.ts";
import { PipelineReport } from "../runtime/engine/report.ts";
import { lineageOf } from "../runtime/lineage/lineage.ts";
import { openTracing } from "../runtime/tracing/open-tracing.ts";

const root = join(import.meta.dirname, "..");

/** A metric as a table has it. */
interface Row {
  readonly type: string;
  readonly labels: readonly string[];
  readonly unit: string;
}

/** The rows of docs/metrics.md by name. */
function documented(): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of readFileSync(join(root, "docs/metrics.md"), "utf8").split("\n")) {
    const [, name, type, unit, labels] = /^\| `([a-z_]+)` \| (\w+) \| ([^|]*)\|([^|]*)\| .+ \|$/.exec(line) ?? [];
    if (name === undefined) continue;
    expect(rows.has(name), `${name} stands there once`).toBe(false);
    const names = [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
    rows.set(name, { type: type!, labels: names, unit: unit!.trim() });
  }
  return rows;
}

/** What a pod registers where lineage and tracing are on. */
async function ofPod(): Promise<Registry> {
  const registry = new Registry();
  const pipeline = { namespace: "default", name: "orders" };
  const log = pino({ level: "silent" });
  const report = new PipelineReport({ pipeline, schemaVersion: "0", clock: systemClock, registry });
  const spec = {
    source: { files: { paths: ["a"] } },
    sink: { files: { directory: "b" } },
    lineage: { openLineage: { url: "http://127.0.0.1:1", everySeconds: 300 } },
  } as unknown as PipelineSpec;
  const place = { path: (text: string) => text, connection: () => expect.unreachable(), secret: async () => "" };
  lineageOf({
    spec,
    compiled: { sql: "", lookups: {}, source: [], output: [] },
    context: { ...place, pipeline, log },
    registry,
    clock: systemClock,
    status: () => report.status(),
  });
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  await using _tracing = await openTracing({ environment, pipeline, registry, log });
  return registry;
}

/** What the operator registers. */
function ofOperator(): Registry {
  const registry = new Registry();
  registerControlMetrics(registry, operatorClock).eventLoopLag(() => 0);
  registerRequestMetrics(registry);
  webhookMetrics(registry, operatorClock, { current: null } as Parameters<typeof webhookMetrics>[2]);
  registerPipelineMetrics(registry, () => []);
  return registry;
}

/** As prom-client has it. Its types leave these members out. */
type Registered = { readonly name: string; readonly type: string; readonly labelNames: readonly string[] };

async function registered(): Promise<readonly Registered[]> {
  const registries = [await ofPod(), ofOperator()];
  const types = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
  const typeOf = new Map(types.flat().map(({ name, type }) => [name, String(type)]));
  return registries
    .flatMap((registry) => registry.getMetricsAsArray() as unknown as Registered[])
    .map(({ name, labelNames }) => ({ name, type: typeOf.get(name)!, labelNames }));
}

test("docs/metrics.md lists every metric that is registered, with its type and labels, and no other", async () => {
  const rows = documented();
  const metrics = await registered();
  expect(metrics.length).toBeGreaterThan(50);
  expect([...rows.keys()].toSorted()).toEqual(metrics.map(({ name }) => name).toSorted());
  for (const { name, type, labelNames } of metrics)
    expect({ name, ...rows.get(name) }).toMatchObject({ name, type, labels: [...labelNames] });
});

test("names end in their unit, and only counters in _total", () => {
  for (const [name, { type, unit }] of documented()) {
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (unit.startsWith("seconds")) expect(name).toMatch(/_seconds(_total)?$/);
    if (unit === "bytes") expect(name).toMatch(/_bytes(_total)?$/);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/);
  }
});

test("no metric of the sources is missing in the registries that the table is held against", () => {
  const rows = documented();
  const sources = globSync("{runtime,operator}/**/*.ts", { cwd: root }).map((path) => readFileSync(join(root, path), "utf8"));
  const named = sources.flatMap((text) => [
    ...text.matchAll(/"((?:snowline|operator|workqueue|controller_runtime|rest_client|leader_election)_[a-z_]+)"/g),
  ]);
  expect(named.length).toBeGreaterThan(50);
  expect(named.map(([, name]) => name!).filter((name) => !rows.has(name))).toEqual([]);
});
