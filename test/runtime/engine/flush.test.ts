import { expect, test } from "vitest";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

test("a batch is loaded when its first record is everySeconds old", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 2);
  const running = stage.run();
  await stage.clock.advance(3000);
  stage.produce("orders/0", 1);
  await stage.clock.advance(1999);
  expect(stage.table).toEqual([]);
  await stage.clock.advance(1);
  expect(stage.table).toEqual(numbered("orders/0", 3));
  expect(stage.sink.writes).toEqual([[{ split: "orders/0", from: null, to: { offset: 3 } }]]);
  stage.stop.abort();
  await running;
});

test("a batch is loaded at once when it has all the rows it may have", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 250);
  const running = stage.run();
  await settle();
  expect(stage.table).toEqual(numbered("orders/0", 200));
  stage.stop.abort();
  await running;
});

test("a batch is loaded at once when it has all the bytes it may have", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 10);
  const recordBytes = Buffer.byteLength('{"split":"orders/0","n":0}');
  const running = stage.run({ batch: { bytesMax: recordBytes * 3, recordsMax: 1000, everyMs: 5000 } });
  await settle();
  expect(stage.sink.writes.map(([move]) => move?.to)).toEqual([{ offset: 3 }, { offset: 6 }, { offset: 9 }]);
  stage.stop.abort();
  await running;
});

test("a batch without rows still moves its splits, and does not meet the transform when it has no records", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 5, () => ({ drop: true }));
  stage.produce("orders/1", 5, () => null);
  stage.topics.end();
  const summary = await stage.run();
  expect(stage.table).toEqual([]);
  expect(stage.warehouse.positions).toEqual(
    new Map([
      ["orders/0", { offset: 5 }],
      ["orders/1", { offset: 5 }],
    ]),
  );
  expect(summary).toMatchObject({
    endedBy: "ended",
    recordsRead: 10,
    recordsLoaded: 5,
    recordsSkipped: 5,
    rowsLoaded: 0,
    batches: 1,
  });

  const tombstones = new Stage();
  tombstones.produce("orders/0", 5, () => null);
  tombstones.topics.end();
  await tombstones.run();
  expect(tombstones.transformer.batches).toEqual([]);
  expect(tombstones.warehouse.positions.get("orders/0")).toEqual({ offset: 5 });
});

test("nothing is written while there is nothing to write", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run();
  await stage.clock.advance(120_000);
  expect(stage.sink.writes).toEqual([]);
  stage.stop.abort();
  expect(await running).toMatchObject({ endedBy: "stopped", batches: 0, drained: true });
});

test("a batch that is due while the transform is busy grows on until it is full", async () => {
  const stage = new Stage();
  stage.transformer.gate.shut();
  stage.produce("orders/0", 100);
  const running = stage.run();
  await settle();
  stage.produce("orders/0", 10);
  await stage.clock.advance(6000);
  stage.produce("orders/0", 20);
  await settle();
  stage.transformer.gate.open();
  await settle();
  expect(stage.transformer.batches).toEqual([100, 30]);
  expect(stage.table).toEqual(numbered("orders/0", 130));
  stage.stop.abort();
  await running;
});
