import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import pino from "pino";
import { expect, test } from "vitest";
import { boundedExport } from "../../../runtime/tracing/bounded-export.ts";

/** Three spans may be on their way; the exporter answers when the test does. */
function bounded() {
  const outcomes = { sent: 0, dropped: 0 };
  const lines: string[] = [];
  const waiting: ((result: ExportResult) => void)[] = [];
  const passed: ReadableSpan[] = [];
  const { exporter, wrap } = boundedExport(
    { export: (_spans, onResult) => void waiting.push(onResult), shutdown: async () => {} },
    {
      queueMax: 3,
      log: pino({}, { write: (line) => void lines.push(line) }),
      onOutcome: (outcome, count) => (outcomes[outcome] += count),
    },
  );
  const behind = { onEnd: (span: ReadableSpan) => void passed.push(span) } as SpanProcessor;
  const processor = wrap(behind);
  const end = (count: number): void => {
    for (let n = 0; n < count; n++) processor.onEnd({} as Span);
  };
  return { outcomes, lines, waiting, passed, exporter, end };
}

test("spans that find no room are dropped, and there is room again once others are sent", () => {
  const { outcomes, waiting, passed, exporter, end } = bounded();
  end(5);
  expect(passed).toHaveLength(3);
  expect(outcomes).toEqual({ sent: 0, dropped: 2 });
  exporter.export(passed.splice(0), () => {});
  end(1);
  expect(outcomes).toEqual({ sent: 0, dropped: 3 });
  waiting[0]!({ code: ExportResultCode.SUCCESS });
  end(1);
  expect(outcomes).toEqual({ sent: 3, dropped: 3 });
  expect(passed).toHaveLength(1);
});

test("spans that the receiver does not take are dropped, and that is told once", () => {
  const { outcomes, lines, waiting, passed, exporter, end } = bounded();
  for (let turn = 0; turn < 3; turn++) {
    end(2);
    exporter.export(passed.splice(0), () => {});
    waiting.shift()!({ code: ExportResultCode.FAILED, error: new Error("Service Unavailable") });
  }
  end(1);
  exporter.export(passed.splice(0), () => {});
  waiting.shift()!({ code: ExportResultCode.SUCCESS });
  expect(outcomes).toEqual({ sent: 1, dropped: 6 });
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    "traces not sent; the pipeline goes on without",
    "trace receiver answers again",
  ]);
});
