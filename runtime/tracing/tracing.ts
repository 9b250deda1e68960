import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { BatchTracer } from "../engine/batch-trace.ts";

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
