import { expect, test } from "vitest";
import { TargetChanged } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

test("a split that another owner took over costs its batch, and the other splits are read again from where they stand", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 50);
  stage.produce("orders/1", 30);
  const running = stage.run();
  await settle();
  await new Stage(stage).sink.restore(["orders/0"]);
  stage.source.assign(["orders/1"]);
  await settle();
  expect(stage.sink.writes).toEqual([]);
  await stage.clock.advance(5000);
  expect(stage.table).toEqual(numbered("orders/1", 30));
  expect(stage.warehouse.positions).toEqual(new Map([["orders/1", { offset: 30 }]]));
  expect(await stage.registry.metrics()).toContain("snowline_conflicts_total 1");
  stage.stop.abort();
  await running;
});

test("batches read behind a conflict are given up with it", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 100);
  stage.produce("orders/1", 250);
  const running = stage.run();
  await settle();
  expect(stage.report.totals.recordsRead).toBe(300);
  const other = new Stage(stage);
  other.source.assign(["orders/0"]);
  const otherRunning = other.run();
  await settle();
  stage.source.assign(["orders/1"]);
  stage.sink.gate.open();
  await stage.clock.advance(5000);
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 250)]);
  for (const each of [stage, other]) each.stop.abort();
  await Promise.all([running, otherRunning]);
});

test("two engines that both believe they own a split lose and double nothing, and disturb each other once a minute at most", async () => {
  const stage = new Stage();
  const zombie = new Stage(stage);
  stage.topics.add("orders/0");
  const running = [stage.run(), zombie.run()];
  const conflicts = async (): Promise<number> => {
    const all = [stage, zombie].map(
      async ({ registry }) => (await registry.getSingleMetric("snowline_conflicts_total")!.get()).values[0]?.value ?? 0,
    );
    return (await Promise.all(all)).reduce((sum, count) => sum + count);
  };
  const produceFor = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      stage.produce("orders/0", 7);
      await stage.clock.advance(1000);
    }
  };
  await produceFor(300);
  const early = await conflicts();
  expect(early).toBeGreaterThan(4);
  await produceFor(300);
  expect((await conflicts()) - early).toBeLessThanOrEqual(10);
  zombie.source.assign([]);
  await stage.clock.advance(120_000);
  for (const each of [stage, zombie]) each.stop.abort();
  await Promise.all(running);
  expect(stage.table).toEqual(numbered("orders/0", 4200));
}, 60_000);

test("a batch that is transformed behind a conflict is given up at once", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 100);
  const running = stage.run();
  await settle();
  stage.transformer.gate.shut();
  stage.produce("orders/0", 100);
  await settle();
  expect([stage.sink.gate.waiting, stage.transformer.gate.waiting]).toEqual([1, 1]);
  await new Stage(stage).sink.restore(["orders/0"]);
  stage.sink.gate.open();
  await settle();
  expect(stage.transformer.gate.waiting).toBe(0);
  stage.transformer.gate.open();
  await stage.clock.advance(5000);
  expect(stage.table).toEqual(numbered("orders/0", 200));
  stage.stop.abort();
  await running;
});

test("a new assignment opens what came, releases what went, and what was read before is loaded first", async () => {
  const stage = new Stage();
  stage.source.assign(["orders/0"]);
  stage.produce("orders/0", 10);
  stage.produce("orders/1", 10);
  const running = stage.run();
  await settle();
  stage.source.assign(["orders/1"]);
  await settle();
  expect(stage.table).toEqual(numbered("orders/0", 10));
  stage.produce("orders/0", 10);
  await stage.clock.advance(5000);
  expect(stage.table).toEqual([...numbered("orders/0", 10), ...numbered("orders/1", 10)]);
  stage.source.assign(["orders/0", "orders/1"]);
  await stage.clock.advance(5000);
  expect(stage.table).toEqual([...numbered("orders/0", 20), ...numbered("orders/1", 10)]);
  expect(stage.source.opened).toEqual([
    { split: "orders/0", position: null },
    { split: "orders/1", position: null },
    { split: "orders/0", position: { offset: 10 } },
  ]);
  stage.stop.abort();
  await running;
});

test("a split that was lost is claimed again only after a pause, and only while the source still has it", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run();
  await settle();
  await new Stage(stage).sink.restore(["orders/0"]);
  stage.produce("orders/0", 100);
  await settle();
  expect(stage.source.opened).toHaveLength(1);
  await stage.clock.advance(4999);
  expect(stage.source.opened).toHaveLength(1);
  await stage.clock.advance(1);
  expect(stage.source.opened).toHaveLength(2);
  expect(stage.table).toEqual(numbered("orders/0", 100));

  await new Stage(stage).sink.restore(["orders/0"]);
  stage.produce("orders/0", 100);
  await settle();
  stage.source.assign([]);
  await stage.clock.advance(120_000);
  expect(stage.source.opened).toHaveLength(2);
  expect(stage.source.splitsCalls).toBeLessThan(10);
  expect(stage.report.status().splits).toEqual([]);
  stage.stop.abort();
  await running;
});

test("a table that changed under a batch is prepared again, and the batch is repeated", async () => {
  const stage = new Stage();
  stage.sink.failures.push(new TargetChanged("table main.orders: column n is gone"));
  stage.produce("orders/0", 250);
  stage.topics.end();
  expect(await stage.run()).toMatchObject({ endedBy: "ended", rowsLoaded: 250 });
  expect(stage.table).toEqual(numbered("orders/0", 250));
  expect(stage.sink.prepared).toBe(2);
  expect(stage.transformer.retargets).toBe(1);
});

test("a table that never stops changing stops the pipeline", async () => {
  const stage = new Stage();
  stage.sink.onWrite = () => {
    throw new TargetChanged("table main.orders: column n is gone");
  };
  stage.produce("orders/0", 250);
  expect(await stage.run()).toMatchObject({ endedBy: "failed", condition: { reason: "TargetUnstable" } });
});

test("splits with a stored position are opened before new ones", async () => {
  const stage = new Stage();
  for (const split of ["orders/0", "orders/1", "orders/2"]) stage.topics.add(split);
  stage.warehouse.positions.set("orders/1", { offset: 0 });
  const running = stage.run();
  await settle();
  expect(stage.source.opened.map(({ split }) => split)).toEqual(["orders/1", "orders/0", "orders/2"]);
  stage.stop.abort();
  await running;
});

test("where a split starts is durable before its first record, so that a crash does not move the start", async () => {
  const stage = new Stage();
  stage.source.startsAtLatest = true;
  stage.produce("orders/0", 5);
  const running = stage.run({ graceMs: 0 });
  await settle();
  expect(stage.sink.writes).toEqual([[{ split: "orders/0", from: null, to: { offset: 5 } }]]);
  stage.produce("orders/0", 5);
  await settle();
  stage.sink.gate.shut();
  stage.stop.abort();
  await stage.clock.advance(0);
  expect(await running).toMatchObject({ drained: false, rowsLoaded: 0 });
  const next = new Stage(stage);
  next.source.startsAtLatest = true;
  stage.topics.end();
  await next.run();
  expect(stage.table).toEqual(numbered("orders/0", 10).slice(5));
});
