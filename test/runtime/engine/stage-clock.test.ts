import { expect, test } from "vitest";
import { StageClock } from "../../../runtime/engine/stage-clock.ts";
import { settle } from "./fakes/fake-clock.ts";
import { Stage } from "./fakes/stage.ts";

/** What of these loads counts as work, in milliseconds. */
function workOf(loads: readonly { readonly tookMs: number; readonly fill: number; readonly failed?: boolean }[]): number {
  let nowMs = 0;
  const clock = new StageClock(() => nowMs);
  for (const { tookMs, fill, failed } of loads) {
    clock.begin("load", fill);
    nowMs += tookMs;
    if (failed !== true) clock.answered("load");
    clock.end("load");
  }
  return clock.busyMs("load");
}

test.each([
  { name: "full batches", loads: [{ tookMs: 2000, fill: 1 }], workMs: 2000 },
  { name: "a few records", loads: [{ tookMs: 3000, fill: 0.001 }], workMs: 3 },
  { name: "half of a batch each", loads: [1, 2, 3].map(() => ({ tookMs: 2000, fill: 0.5 })), workMs: 3000 },
  {
    name: "what a larger one takes longer is work",
    loads: [
      { tookMs: 1000, fill: 0.01 },
      { tookMs: 5000, fill: 0.5 },
    ],
    workMs: 10 + 4500,
  },
  {
    name: "a call that failed at once tells nothing of what one costs",
    loads: [
      { tookMs: 1, fill: 0.01, failed: true },
      { tookMs: 2000, fill: 0.01 },
    ],
    workMs: 0.01 + 20,
  },
])("the work of loads: $name", ({ loads, workMs }) => {
  expect(workOf(loads)).toBeCloseTo(workMs, 5);
});

test("what is counted of a call in progress is never taken back", () => {
  let nowMs = 0;
  const clock = new StageClock(() => nowMs);
  let before = 0;
  const rise = (): void => {
    expect(clock.busyMs("load") + clock.sinkWaitMs()).toBeGreaterThanOrEqual(before);
    before = clock.busyMs("load") + clock.sinkWaitMs();
  };
  for (const [tookMs, fill] of [
    [900, 0.2],
    [100, 0.9],
    [5000, 0],
    [4000, 1],
    [50, 0.5],
  ] as const) {
    clock.begin("load", fill);
    clock.beginSinkWait(fill);
    for (let step = 0; step < 10; step++) {
      nowMs += tookMs / 10;
      rise();
    }
    clock.answered("load");
    clock.end("load");
    clock.endSinkWait();
    rise();
  }
});

/** A minute with so many records a second and a sink that takes four seconds for whatever it is given. */
async function loadOfA(recordsPerSecond: number): Promise<{ readonly busyFraction: number; readonly sinkWaitFraction: number }> {
  const stage = new Stage();
  stage.sink.gate.shut();
  const running = stage.run({ batch: { bytesMax: 1_000_000, recordsMax: 100, everyMs: 1000 } });
  let busyForMs = 0;
  for (let ms = 0; ms < 120_000; ms += 500) {
    if (ms % 1000 === 0) stage.produce("orders/0", recordsPerSecond);
    await stage.clock.advance(500);
    busyForMs = stage.sink.gate.waiting > 0 ? busyForMs + 500 : 0;
    if (busyForMs < 4000) continue;
    stage.sink.gate.open();
    stage.sink.gate.shut();
    busyForMs = 0;
    await settle();
  }
  const { load } = stage.report.status();
  stage.stop.abort();
  stage.sink.gate.open();
  await running;
  return load;
}

test("a pod with little to do is not busy because its sink takes its time", async () => {
  const { busyFraction, sinkWaitFraction } = await loadOfA(1);
  // By the clock the sink works all the time; a batch has eight records of the hundred that it may have.
  expect(busyFraction).toBeLessThan(0.2);
  expect(sinkWaitFraction).toBeLessThan(0.2);
});

test("a pod that cannot go faster is busy all the time", async () => {
  const { busyFraction, sinkWaitFraction } = await loadOfA(50);
  expect(busyFraction).toBeGreaterThan(0.9);
  expect(sinkWaitFraction).toBeGreaterThan(0.9);
});

test("a pod that waits for records is not busy at all", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run();
  await stage.clock.advance(60_000);
  expect(stage.report.status().load).toEqual({ busyFraction: 0, sinkWaitFraction: 0, recordsPerSecond: 0 });
  stage.stop.abort();
  await running;
});

test("what was read ahead is no work done: a backlog does not make a pod look faster than it is", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  const running = stage.run({ batch: { bytesMax: 1_000_000, recordsMax: 100, everyMs: 1000 } });
  stage.produce("orders/0", 10_000);
  await stage.clock.advance(30_000);
  const { totals, rates, load } = stage.report.status();
  const transformed = load.recordsPerSecond * 30;
  expect(rates.recordsPerSecond * 30).toBeCloseTo(totals.recordsRead, 0);
  // One batch is being loaded and one waits for the sink; a further one is read.
  expect(transformed).toBeCloseTo(200, 0);
  expect(totals.recordsRead).toBeGreaterThan(200);
  stage.stop.abort();
  stage.sink.gate.open();
  await running;
});
