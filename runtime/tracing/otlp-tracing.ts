import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Counter, type Registry } from "prom-client";
import { boundedExport, type SpanOutcome } from "./bounded-export.ts";
import type { Tracing, TracingOptions } from "./tracing.ts";
import { spanTracer } from "./span-tracer.ts";
import { headersIn, type TracingSettings } from "./tracing-settings.ts";

/** How long what waits may take to be sent at the end, in milliseconds: the pipeline is over, and its pod has seconds. */
const shutdownMs = 2000;

/** Traces batches to the OTLP receiver that the process's environment names. */
export function startTracing(
  { headersFile, queueMax, timeoutMs }: TracingSettings & { readonly on: true },
  { pipeline, registry, log }: TracingOptions,
): Tracing {
  const spans = spanCounter(registry);
  const bounded = boundedExport(
    new OTLPTraceExporter({
      timeoutMillis: timeoutMs,
      // Read at each call: a token in it is renewed.
      ...(headersFile === null ? {} : { headers: async () => headersIn(await readFile(headersFile, "utf8")) }),
    }),
    { queueMax, log, onOutcome: (outcome, count) => spans.inc({ outcome }, count) },
  );
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          "service.name": "snowline",
          "service.namespace": pipeline.namespace,
          "snowline.pipeline": `${pipeline.namespace}/${pipeline.name}`,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [bounded.wrap(new BatchSpanProcessor(bounded.exporter))],
  });
  const close = async (): Promise<void> => {
    try {
      await Promise.race([provider.shutdown(), pause(shutdownMs, undefined, { ref: false })]);
    } catch (error) {
      log.debug({ error }, "traces not sent at the end");
    }
  };
  return { tracer: spanTracer(provider.getTracer("snowline")), [Symbol.asyncDispose]: close };
}

function spanCounter(registry: Registry): Counter<"outcome"> {
  const counter = new Counter({
    name: "snowline_trace_spans_total",
    help: "Spans that the receiver of traces took (sent), and those given up (dropped).",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const outcome of ["sent", "dropped"] satisfies SpanOutcome[]) counter.inc({ outcome }, 0);
  return counter;
}
