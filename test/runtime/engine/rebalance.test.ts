import { expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

/** Reads two splits, with a first batch of `orders/0` stuck in the sink. */
async function loading(): Promise<{ readonly stage: Stage; readonly running: Promise<unknown> }> {
  const stage = new Stage();
  stage.source.assign(["orders/0", "orders/1"]);
  stage.topics.add("orders/1");
  stage.sink.gate.shut();
  stage.produce("orders/0", 100);
  const running = stage.run();
  await settle();
  expect(stage.sink.gate.waiting).toBe(1);
  return { stage, running };
}
const end = async ({ stage, running }: { stage: Stage; running: Promise<unknown> }): Promise<void> => {
  stage.stop.abort();
  stage.sink.gate.open();
  await running;
};

test("a split that goes is handed over once what was read of it is loaded, and the others are read on meanwhile", async () => {
  const { stage, running } = await loading();
  stage.produce("orders/0", 30);
  await settle();
  stage.source.assign(["orders/1"]);
  await settle();
  const before = stage.source.handOvers;
  stage.produce("orders/0", 5);
  stage.produce("orders/1", 40);
  await settle();
  // The load has not moved, the split that stays has.
  expect(stage.report.totals).toMatchObject({ recordsRead: 170, recordsLoaded: 0 });
  expect(stage.source.handOvers).toBe(before);
  stage.sink.gate.open();
  await settle();
  // Without waiting until the batch is due.
  expect(stage.source.handOvers).toBe(before + 1);
  expect(stage.warehouse.positions.get("orders/0")).toEqual({ offset: 130 });
  await stage.clock.advance(5000);
  expect(stage.table).toEqual([...numbered("orders/0", 130), ...numbered("orders/1", 40)]);
  await end({ stage, running });
});

test("a split of which the batch being read holds nothing waits for the loads before it only", async () => {
  const { stage, running } = await loading();
  stage.source.assign(["orders/1"]);
  await settle();
  const before = stage.source.handOvers;
  stage.produce("orders/1", 1);
  await settle();
  stage.sink.gate.open();
  await settle();
  expect(stage.source.handOvers).toBe(before + 1);
  // The record of the split that stays waits until it is due.
  expect(stage.table).toEqual(numbered("orders/0", 100));
  await end({ stage, running });
});

test("a split that comes is taken over between two loads, and the others are read on meanwhile", async () => {
  const { stage, running } = await loading();
  stage.topics.add("orders/2");
  stage.produce("orders/2", 10);
  stage.source.assign(["orders/0", "orders/1", "orders/2"]);
  await settle();
  stage.produce("orders/1", 40);
  await settle();
  expect(stage.report.totals.recordsRead).toBe(140);
  expect(stage.source.opened.map(({ split }) => split)).not.toContain("orders/2");
  stage.sink.gate.open();
  await stage.clock.advance(5000);
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 40), ...numbered("orders/2", 10)]);
  await end({ stage, running });
});

test("no load begins while a split is taken over", async () => {
  const { stage, running } = await loading();
  stage.sink.restoreGate.shut();
  stage.topics.add("orders/2");
  stage.source.assign(["orders/0", "orders/1", "orders/2"]);
  await settle();
  stage.produce("orders/1", 100);
  stage.sink.gate.open();
  await settle();
  expect([stage.sink.restoreGate.waiting, stage.report.totals.batches]).toEqual([1, 1]);
  stage.sink.restoreGate.open();
  await settle();
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 100)]);
  await end({ stage, running });
});

test("a split that goes and comes back is read on from where its batch left it, once that is loaded", async () => {
  const { stage, running } = await loading();
  stage.produce("orders/0", 30);
  await settle();
  stage.source.assign(["orders/1"]);
  await settle();
  stage.source.assign(["orders/0", "orders/1"]);
  stage.produce("orders/0", 20);
  await settle();
  expect(stage.source.opened.filter(({ split }) => split === "orders/0")).toHaveLength(1);
  stage.sink.gate.open();
  await stage.clock.advance(5000);
  expect(stage.source.opened.findLast(({ split }) => split === "orders/0")?.position).toEqual({ offset: 130 });
  expect(stage.table).toEqual(numbered("orders/0", 150));
  expect(await stage.registry.metrics()).toContain("snowline_conflicts_total 0");
  await end({ stage, running });
});

test("a split that goes while it is taken over is not opened", async () => {
  const stage = new Stage();
  stage.source.assign(["orders/0"]);
  for (const split of ["orders/0", "orders/1"]) stage.topics.add(split);
  const running = stage.run();
  await settle();
  stage.sink.restoreFailures.push(new NotConnected("warehouse: connection refused"));
  stage.source.assign(["orders/0", "orders/1"]);
  await settle();
  stage.source.assign(["orders/0"]);
  await settle();
  stage.produce("orders/0", 3);
  stage.produce("orders/1", 3);
  await stage.clock.advance(20_000);
  expect(stage.source.opened.map(({ split }) => split)).toEqual(["orders/0"]);
  expect(stage.table).toEqual(numbered("orders/0", 3));
  await end({ stage, running });
});

test("a sink that refuses a split for good stops the pipeline", async () => {
  const stage = new Stage();
  stage.source.assign(["orders/0"]);
  for (const split of ["orders/0", "orders/1"]) stage.topics.add(split);
  const running = stage.run();
  await settle();
  stage.sink.restoreFailures.push(new Terminal("PositionUnfit", "orders/1: the stored position is none"));
  stage.source.assign(["orders/0", "orders/1"]);
  expect(await running).toMatchObject({ endedBy: "failed", condition: { reason: "PositionUnfit" } });
});

test.each(["goes", "comes"])("SIGTERM while a split %s loads what was read", async (what) => {
  const { stage, running } = await loading();
  stage.produce("orders/1", 20);
  await settle();
  stage.topics.add("orders/2");
  const splits = stage.source.splits.bind(stage.source);
  stage.source.splits = () => {
    stage.stop.abort();
    return splits();
  };
  stage.source.assign(what === "goes" ? ["orders/1"] : ["orders/0", "orders/1", "orders/2"]);
  await settle();
  stage.sink.gate.open();
  expect(await running).toMatchObject({ endedBy: "stopped", drained: true });
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 20)]);
});

test("changes that follow each other hand nothing over before the last of what went is loaded", async () => {
  const { stage, running } = await loading();
  stage.produce("orders/1", 100);
  await settle();
  stage.source.assign(["orders/1"]);
  await settle();
  stage.source.assign([]);
  await settle();
  const before = stage.source.handOvers;
  stage.sink.gate.shut();
  stage.sink.gate.open();
  await settle();
  expect(stage.source.handOvers).toBeGreaterThan(before);
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 100)]);
  await end({ stage, running });
});

test("what changes cost is told: how often, and for how long splits stood still on average", async () => {
  const { stage, running } = await loading();
  await stage.clock.advance(1000);
  stage.source.assign(["orders/1"]);
  await settle();
  await stage.clock.advance(8000);
  stage.sink.gate.open();
  await settle();
  expect(stage.report.status().rebalances).toEqual({ count: 1, stallSeconds: 4 });
  const metrics = await stage.registry.metrics();
  expect(metrics).toContain("snowline_rebalances_total 1");
  expect(metrics).toContain("snowline_rebalance_stall_seconds_total 4");
  await end({ stage, running });
});

test("a source that ends while a split comes is read to the end of that, too", async () => {
  const { stage, running } = await loading();
  stage.produce("orders/2", 10);
  stage.source.assign(["orders/0", "orders/1", "orders/2"]);
  await settle();
  stage.topics.end();
  await settle();
  stage.sink.gate.open();
  await stage.clock.advance(100);
  expect(await running).toMatchObject({ endedBy: "ended", rowsLoaded: 110 });
});
