import pino from "pino";
import { expect, test } from "vitest";
import { TargetChanged } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

test("SIGTERM loads what was read and reads no more", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 30);
  const running = stage.run();
  await settle();
  stage.stop.abort();
  stage.produce("orders/0", 30);
  expect(await running).toMatchObject({ endedBy: "stopped", drained: true, rowsLoaded: 30 });
  expect(stage.table).toEqual(numbered("orders/0", 30));
  expect(stage.condition("Draining")?.status).toBe("True");
  expect(stage.condition("Ready")).toMatchObject({ status: "False", reason: "Draining" });
});

test("a drain that outlasts the grace period is given up whole, and the next run loads everything once", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 250);
  stage.sink.gate.shut();
  const running = stage.run();
  await settle();
  stage.stop.abort();
  await stage.clock.advance(24_999);
  const ended = { now: false };
  void running.then(() => (ended.now = true));
  await settle();
  expect(ended.now).toBe(false);
  await stage.clock.advance(1);
  expect(await running).toMatchObject({ endedBy: "stopped", drained: false, rowsLoaded: 0 });
  const next = new Stage(stage);
  stage.topics.end();
  expect(await next.run()).toMatchObject({ endedBy: "ended", rowsLoaded: 250 });
  stage.sink.gate.open();
  await settle();
  expect(stage.table).toEqual(numbered("orders/0", 250));
});

test("SIGTERM ends a pipeline that waits for its connection", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1);
  for (let failure = 0; failure < 20; failure++) stage.sink.failures.push("before");
  const running = stage.run({ batch: { bytesMax: 1, recordsMax: 1, everyMs: 1 } });
  await stage.clock.advance(10_000);
  stage.stop.abort();
  await stage.clock.advance(25_000);
  expect(await running).toMatchObject({ endedBy: "stopped", drained: false });
});

test("SIGTERM before the start reads nothing", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1);
  stage.stop.abort();
  expect(await stage.run()).toMatchObject({ endedBy: "stopped", recordsRead: 0 });
});

test("a source that ends ends the pipeline once everything is loaded", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 950);
  stage.topics.end();
  expect(await stage.run()).toMatchObject({ endedBy: "ended", recordsRead: 950, rowsLoaded: 950, batches: 10 });
  expect(stage.report.status()).toMatchObject({ lag: { records: 0, seconds: 0 }, resumed: false });
  expect(stage.source.loadedMoves.at(-1)?.to).toEqual({ offset: 950 });

  const again = new Stage(stage);
  expect(await again.run()).toMatchObject({ endedBy: "ended", recordsRead: 0, batches: 0 });
  expect(again.report.status().resumed).toBe(true);
});

test("a run until it has caught up ends with what was there when it looked, however much comes meanwhile", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 250);
  stage.topics.add("orders/1");
  stage.source.onRead = () => stage.produce("orders/0", 1);
  const running = stage.run({ until: "caughtUp" });
  await stage.clock.advance(1000);
  expect(await running).toMatchObject({ endedBy: "caughtUp" });
  expect(stage.table.length).toBeGreaterThanOrEqual(250);
  expect(stage.table).toEqual(numbered("orders/0", stage.table.length));
});

test("a source that ends is not at its end while another owner holds a split", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100);
  stage.topics.end();
  stage.sink.gate.shut();
  const running = stage.run();
  await settle();
  await new Stage(stage).sink.restore(["orders/0"]);
  stage.sink.gate.open();
  await stage.clock.advance(5000);
  expect(await running).toMatchObject({ endedBy: "ended", rowsLoaded: 100 });
});

test("a run until it has caught up ends at once where there is nothing", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run({ until: "caughtUp" });
  await settle();
  expect(await running).toMatchObject({ endedBy: "caughtUp", batches: 0 });
});

test("a run until it has caught up waits for a split that another owner holds", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100);
  stage.sink.gate.shut();
  const running = stage.run({ until: "caughtUp" });
  await settle();
  await new Stage(stage).sink.restore(["orders/0"]);
  stage.sink.gate.open();
  await settle();
  expect(stage.table).toEqual([]);
  await stage.clock.advance(5000);
  expect(await running).toMatchObject({ endedBy: "caughtUp", rowsLoaded: 100 });
});

test("a run until it has caught up goes no further than a topic that was cut after it was looked at", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 500);
  stage.sink.gate.shut();
  const running = stage.run({ until: "caughtUp" });
  await settle();
  stage.topics.splits.get("orders/0")!.records.splice(300);
  stage.sink.gate.open();
  await stage.clock.advance(1000);
  expect(await running).toMatchObject({ endedBy: "caughtUp", rowsLoaded: 300 });
});

test("a run until it has caught up waits until it owns all the splits there are, and tells once how many others hold", async () => {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const stage = new Stage();
  for (const split of ["orders/0", "orders/1"]) stage.produce(split, 10);
  stage.source.assign(["orders/0"]);
  stage.source.splitsTotal = () => null;
  const ended = { now: false };
  const running = stage.run({ until: "caughtUp", log });
  void running.then(() => (ended.now = true));
  await stage.clock.advance(6000);
  stage.source.splitsTotal = () => 2;
  await stage.clock.advance(6000);
  expect(ended.now).toBe(false);
  expect(stage.table).toEqual(numbered("orders/0", 10));
  const told = lines.map((line) => JSON.parse(line) as { msg: string }).filter(({ msg }) => msg.startsWith("caught up but"));
  expect(told).toEqual([expect.objectContaining({ open: 1, elsewhere: 1, total: 2 })]);
  stage.source.assign(["orders/0", "orders/1"]);
  await stage.clock.advance(1000);
  expect(await running).toMatchObject({ endedBy: "caughtUp", rowsLoaded: 20 });
});

test.each(["conflict", "changed table"])("SIGTERM during a %s tells that a batch was not loaded", async (what) => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 100);
  const running = stage.run();
  await settle();
  if (what === "conflict") await new Stage(stage).sink.restore(["orders/0"]);
  else stage.sink.failures.push(new TargetChanged("table main.orders: column n is gone"));
  stage.stop.abort();
  stage.sink.gate.open();
  expect(await running).toMatchObject({ endedBy: "stopped", drained: false, rowsLoaded: 0 });
});
