import { context, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { BatchTracer } from "../engine/batch-trace.ts";

/** Batches as spans: one trace each, with a span for every stage that was at work on it. */
export function spanTracer(tracer: Tracer): BatchTracer {
  return {
    begin(fromMs) {
      const batch = tracer.startSpan("batch", { startTime: fromMs, root: true });
      const within = trace.setSpan(context.active(), batch);
      return {
        stage({ stage, fromMs, toMs, error }) {
          const span = tracer.startSpan(stage, { startTime: fromMs }, within);
          if (error !== null) note(span, error, toMs);
          span.end(toMs);
        },
        end({ records, bytes, splits, rows, rejected }, { atMs, loaded, error }) {
          batch.setAttributes({
            "snowline.records": records,
            "snowline.bytes": bytes,
            "snowline.splits": splits,
            "snowline.rows": rows,
            "snowline.rejected": rejected,
            "snowline.loaded": loaded,
          });
          if (error !== null) note(batch, error, atMs);
          batch.end(atMs);
        },
      };
    },
  };
}

/** Its name and message: these hold no values and no secrets. A stack tells nothing that a trace needs. */
function note(span: Span, error: unknown, atMs: number): void {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  span.recordException({ name, message }, atMs);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
