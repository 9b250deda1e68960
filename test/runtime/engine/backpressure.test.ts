import { expect, test } from "vitest";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

/** Batches the engine may hold: one is read, one is transformed, one is loaded. */
const batchesMax = 3;

test("a sink that stalls stops the reading, and what is held stays within three batches", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 10_000);
  const running = stage.run();
  await stage.clock.advance(3_600_000);
  expect(stage.report.totals.recordsRead).toBe(batchesMax * 100);
  expect(stage.sink.gate.waiting).toBe(1);
  stage.sink.gate.open();
  stage.topics.end();
  expect(await running).toMatchObject({ endedBy: "ended", rowsLoaded: 10_000 });
  expect(stage.table).toEqual(numbered("orders/0", 10_000));
});

test("the next batch is read and the one between is transformed while one is loaded", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 300);
  const running = stage.run();
  await settle();
  expect(stage.transformer.batches).toEqual([100, 100]);
  expect(stage.report.totals.recordsRead).toBe(300);
  stage.sink.gate.open();
  stage.stop.abort();
  expect(await running).toMatchObject({ endedBy: "stopped", drained: true, rowsLoaded: 300 });
});

test("waiting for the sink is told apart from working", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 1000);
  const running = stage.run();
  await stage.clock.advance(30_000);
  const { rates, sinkWaitSeconds, stageCallSeconds, stageBusySeconds } = stage.report.status();
  expect(sinkWaitSeconds).toBe(30);
  expect(rates.sinkWaitFraction).toBe(1);
  expect(rates.busyFraction).toBe(1);
  expect(stageCallSeconds).toEqual({ read: null, transform: null, dead_letter: null, load: 30 });
  expect(stageBusySeconds).toMatchObject({ transform: 0, load: 30 });
  const text = await stage.registry.metrics();
  expect(text).toContain('snowline_stage_busy_seconds_total{stage="load"} 30');
  expect(text).toContain("snowline_sink_wait_seconds_total 30");
  expect(text).toContain("snowline_sink_wait_fraction 1");
  stage.sink.gate.open();
  stage.stop.abort();
  await running;
});
