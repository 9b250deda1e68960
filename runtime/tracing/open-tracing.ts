import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { type BatchTracer, noTracer } from "../engine/batch-trace.ts";
import { tracingSettings } from "./tracing-settings.ts";

/** Whose batches are traced, and what the environment says of it. */
export interface TracingOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly registry: Registry;
  readonly log: Logger;
}

/** A tracer. Disposing of it sends what waits, for two seconds at most. */
export interface Tracing extends AsyncDisposable {
  readonly tracer: BatchTracer;
}

/** Where no receiver is named it traces nothing, and nothing of OpenTelemetry is loaded. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const settings = tracingSettings(options.environment);
  if (settings.on) return (await import("./otlp-tracing.ts")).startTracing(settings, options);
  if (settings.warning !== null) options.log.warn({ error: settings.warning }, "batches are not traced");
  return { tracer: noTracer, [Symbol.asyncDispose]: async () => {} };
}
