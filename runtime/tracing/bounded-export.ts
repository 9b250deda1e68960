import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";

/** What became of spans. */
export type SpanOutcome = "sent" | "dropped";

/** How many spans may be on their way, and who is told what became of them. */
export interface BoundedExportOptions {
  readonly queueMax: number;
  readonly log: Logger;
  onOutcome(outcome: SpanOutcome, spans: number): void;
}

/**
 * Counts every span that is recorded as sent or as dropped, be it that it found no room or that the receiver did not take it. `wrap`
 * puts the SDK's own processor behind it, whose queue is as long.
 */
export function boundedExport(
  exporter: SpanExporter,
  { queueMax, log, onOutcome }: BoundedExportOptions,
): { readonly exporter: SpanExporter; wrap(processor: SpanProcessor): SpanProcessor } {
  let onWay = 0;
  let failing = false;
  const note = ({ code, error }: ExportResult, spans: number): void => {
    onWay -= spans;
    onOutcome(code === ExportResultCode.SUCCESS ? "sent" : "dropped", spans);
    const failed = code !== ExportResultCode.SUCCESS;
    if (failed && !failing) log.warn({ error: error?.message }, "traces not sent; the pipeline goes on without");
    if (!failed && failing) log.info({}, "trace receiver answers again");
    failing = failed;
  };
  return {
    exporter: {
      export: (spans, onResult) =>
        exporter.export(spans, (result) => {
          note(result, spans.length);
          onResult(result);
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    },
    wrap: (processor) => ({
      onStart: (span, context) => processor.onStart(span, context),
      onEnd(span) {
        if (onWay >= queueMax) return onOutcome("dropped", 1);
        onWay++;
        processor.onEnd(span);
      },
      shutdown: () => processor.shutdown(),
      forceFlush: () => processor.forceFlush(),
    }),
  };
}
