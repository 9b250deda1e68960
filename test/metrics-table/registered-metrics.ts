import pino from "pino";
import { Registry } from "prom-client";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import { systemClock as operatorClock } from "../../operator/control/clock.ts";
import { registerControlMetrics } from "../../operator/control/control-metrics.ts";
import { registerRequestMetrics } from "../../operator/kube/request-metrics.ts";
import { pipelineMetrics } from "../../operator/pipeline/pipeline-metrics.ts";
import { webhookMetrics } from "../../operator/webhook/webhook-metrics.ts";
import { systemClock } from "../../runtime/engine/clock.ts";
import { PipelineReport } from "../../runtime/engine/report.ts";
import { lineageOf } from "../../runtime/lineage/lineage.ts";
import { openTracing } from "../../runtime/tracing/open-tracing.ts";

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
  const place = { path: (text: string) => text, connection: () => ({}) as never, secret: async () => "" };
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
  return registry;
}

/** As prom-client has it. Its types leave these members out. */
export interface RegisteredMetric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** All that a pod and the operator tell, by the functions that they register or make it with. */
export async function registeredMetrics(): Promise<readonly RegisteredMetric[]> {
  const registries = [await ofPod(), ofOperator()];
  const types = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
  const typeOf = new Map(types.flat().map(({ name, type }) => [name, String(type)]));
  const registered = registries
    .flatMap((registry) => registry.getMetricsAsArray() as unknown as RegisteredMetric[])
    .map(({ name, labelNames }) => ({ name, type: typeOf.get(name)!, labelNames }));
  return [...registered, ...pipelineMetrics([])];
}
