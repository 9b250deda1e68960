import { expect, test } from "vitest";
import type { BatchTracer, TracedBatch, TracedStage } from "../../../runtime/engine/batch-trace.ts";
import { Terminal } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { Stage } from "./fakes/stage.ts";

interface Traced {
  readonly fromMs: number;
  readonly stages: TracedStage[];
  readonly ends: { readonly batch: TracedBatch; readonly loaded: boolean; readonly error: unknown; readonly atMs: number }[];
}

/** Keeps what it is told. */
function recorder(): { readonly tracer: BatchTracer; readonly traces: readonly Traced[] } {
  const traces: Traced[] = [];
  const begin: BatchTracer["begin"] = (fromMs) => {
    const traced: Traced = { fromMs, stages: [], ends: [] };
    traces.push(traced);
    return {
      stage: (stage) => void traced.stages.push(stage),
      end: (batch, end) => void traced.ends.push({ batch, ...end }),
    };
  };
  return { tracer: { begin }, traces };
}
const stagesOf = ({ stages }: Traced): string[] => stages.map(({ stage, error }) => (error === null ? stage : `${stage}!`));

test("a batch has one trace, from its first record over every stage to its load", async () => {
  const stage = new Stage();
  const { tracer, traces } = recorder();
  const beganMs = stage.clock.now();
  stage.produce("orders/0", 6, (n) => (n === 2 ? { bad: true } : {}));
  stage.produce("orders/1", 4);
  const running = stage.run({ tracer });
  await stage.clock.advance(5000);
  stage.stop.abort();
  await running;
  expect(traces).toHaveLength(1);
  expect(stagesOf(traces[0]!)).toEqual(["read", "transform", "dead_letter", "load"]);
  expect(traces[0]!.stages[0]).toEqual({ stage: "read", fromMs: beganMs, toMs: beganMs + 5000, error: null });
  expect(traces[0]!.ends).toEqual([
    {
      batch: { records: 10, bytes: expect.any(Number) as number, splits: 2, rows: 9, rejected: 1 },
      loaded: true,
      error: null,
      atMs: beganMs + 5000,
    },
  ]);
});

test("a load that finds no connection is a span with its error, and so is the one that succeeds", async () => {
  const stage = new Stage();
  const { tracer, traces } = recorder();
  stage.sink.failures.push("before");
  stage.produce("orders/0", 10);
  stage.topics.end();
  const running = stage.run({ tracer });
  await stage.clock.advance(60_000);
  await running;
  expect(stagesOf(traces[0]!)).toEqual(["read", "transform", "load!", "load"]);
  expect(traces[0]!.ends).toMatchObject([{ loaded: true, error: null }]);
});

test("a batch that is given up ends its trace, and is traced anew when it is read again", async () => {
  const stage = new Stage();
  const other = new Stage(stage);
  const { tracer, traces } = recorder();
  stage.produce("orders/0", 250);
  stage.sink.gate.shut();
  const running = stage.run({ tracer });
  await stage.clock.advance(5000);
  stage.warehouse.owners.set("orders/0", other.sink);
  stage.sink.gate.open();
  await stage.clock.advance(60_000);
  stage.stop.abort();
  await running;
  expect(traces.flatMap(({ ends }) => ends.map(({ loaded }) => loaded))).toEqual([false, false, true, true, true]);
});

test.each([
  ["the transform", (stage: Stage, error: Error) => stage.transformer.failures.push(error), ["read", "transform!"]],
  ["the load", (stage: Stage, error: Error) => stage.sink.failures.push(error), ["read", "transform", "load!"]],
])("what %s throws is in the trace", async (_what, fail, stages) => {
  const stage = new Stage();
  const { tracer, traces } = recorder();
  const error = new Terminal("Broken", "it is broken");
  fail(stage, error);
  stage.produce("orders/0", 10);
  stage.topics.end();
  await stage.run({ tracer });
  expect(stagesOf(traces[0]!)).toEqual(stages);
  expect(traces[0]!.ends).toMatchObject([{ loaded: false, error }]);
});

test("every trace that begins ends once, whatever becomes of the batch", async () => {
  const stage = new Stage();
  const { tracer, traces } = recorder();
  stage.produce("orders/0", 1000, (n) => (n % 3 === 0 ? { bad: true } : {}));
  stage.sink.gate.shut();
  const running = stage.run({ tracer, rejectedBounds: { overSeconds: 60, atLeastRecords: 1000, stopAbove: 0.1 } });
  await settle();
  stage.sink.gate.open();
  await stage.clock.advance(120_000);
  stage.stop.abort();
  await running;
  expect(traces.length).toBeGreaterThan(1);
  expect(traces.map(({ ends }) => ends.length)).toEqual(traces.map(() => 1));
});
