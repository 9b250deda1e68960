import { noTracer } from "../engine/batch-trace.ts";
import type { Tracing, TracingOptions } from "./tracing.ts";
import { tracingSettings } from "./tracing-settings.ts";

/** Where no receiver is named it traces nothing, and nothing of OpenTelemetry is loaded. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const settings = tracingSettings(options.environment);
  if (settings.on) return (await import("./otlp-tracing.ts")).startTracing(settings, options);
  if (settings.warning !== null) options.log.warn({ error: settings.warning }, "batches are not traced");
  return { tracer: noTracer, [Symbol.asyncDispose]: async () => {} };
}
