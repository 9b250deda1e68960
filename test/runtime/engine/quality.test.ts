import { expect, test } from "vitest";
import type { RejectedBounds } from "../../../runtime/engine/quality.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

const bounds = (more: Partial<RejectedBounds>): RejectedBounds => ({ overSeconds: 300, atLeastRecords: 100, ...more });
const batchOf = (recordsMax: number) => ({ bytesMax: 1_000_000, recordsMax, everyMs: 5000 });
/** The first `count` of every hundred. */
const bad =
  (count: number) =>
  (n: number): object =>
    n % 100 < count ? { bad: true } : {};

/** Another process on the same topic, table and clock. */
const restarted = (stage: Stage): Stage => new Stage(stage);

test("a batch that brings the rejected part above stopAbove stops the pipeline, and nothing of it is written", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100);
  stage.produce("orders/0", 300, (n) => (n >= 200 ? { bad: true } : {}));
  const summary = await stage.run({ rejectedBounds: bounds({ stopAbove: 0.4 }) });
  expect(summary).toMatchObject({ endedBy: "failed", rowsLoaded: 200, recordsRejected: 100 });
  expect(summary.condition).toMatchObject({ reason: "TooManyRejected" });
  expect(summary.condition?.message).toContain("rejected: 200 of 400 records (50.0 %) in the last 300 s");
  expect(summary.condition?.message).toContain("quality.rejected.stopAbove is 0.4");
  expect(summary.condition?.message).toContain("orders/0 offset 300: the record is bad");
  expect(stage.condition("QualityAsExpected")).toMatchObject({ status: "False", reason: "TooManyRejected" });
  expect(stage.table).toEqual(numbered("orders/0", 200));
  // The batch before was within the bound: 100 of 300.
  expect(stage.deadLetters.letters).toHaveLength(100);
  expect(stage.warehouse.positions.get("orders/0")).toEqual({ offset: 300 });
});

test("a pod that starts again stops at the same batch, however often", async () => {
  let stage = new Stage();
  stage.produce("orders/0", 1000, (n) => (n >= 200 ? { bad: true } : {}));
  for (let start = 0; start < 4; start++) {
    const summary = await stage.run({ rejectedBounds: bounds({ stopAbove: 0 }) });
    expect(summary.condition?.reason).toBe("TooManyRejected");
    expect(stage.warehouse.positions.get("orders/0")).toEqual({ offset: 200 });
    expect(stage.deadLetters.letters).toEqual([]);
    stage = restarted(stage);
  }
});

test("batches too small to be judged gather into one that is, before anything of them is written", async () => {
  let stage = new Stage();
  const options = { rejectedBounds: bounds({ stopAbove: 0.5 }) };
  for (let start = 0; start < 3; start++) {
    stage.produce("orders/0", 30, () => ({ bad: true }));
    const running = stage.run(options);
    await stage.clock.advance(60_000);
    expect(stage.deadLetters.letters).toEqual([]);
    expect(stage.warehouse.positions.size).toBe(0);
    if (start < 2) {
      stage.stop.abort();
      expect(await running).toMatchObject({ endedBy: "stopped", drained: false, recordsRejected: 0 });
      stage = restarted(stage);
    } else {
      stage.produce("orders/0", 10, () => ({ bad: true }));
      expect((await running).condition?.message).toContain("rejected: 100 of 100 records");
      expect(stage.warehouse.positions.size).toBe(0);
    }
  }
});

test("good records that come after gathered bad ones let all of them pass, each once", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 20, () => ({ bad: true }));
  const running = stage.run({ rejectedBounds: bounds({ stopAbove: 0.5 }), batch: batchOf(1000) });
  await stage.clock.advance(20_000);
  expect(stage.sink.writes).toEqual([]);
  expect(stage.condition("QualityAsExpected")).toMatchObject({ status: "Unknown", reason: "TooFewToJudge" });
  expect(stage.condition("QualityAsExpected")?.message).toContain(
    "rejected: 20 of 20 records (100.0 %), above quality.rejected.stopAbove 0.5 but fewer than atLeastRecords 100: " +
      "they wait for more records to be judged with, until 2026-01-01T00:05:05.000Z at most. One of them: orders/0 offset 0: the record is bad",
  );
  stage.produce("orders/0", 80);
  await settle();
  await stage.clock.advance(5000);
  expect(stage.table).toEqual(numbered("orders/0", 100).slice(20));
  expect(stage.deadLetters.letters).toHaveLength(20);
  expect(stage.condition("QualityAsExpected")?.status).toBe("True");
  // From here on batches are loaded as before.
  stage.produce("orders/0", 5);
  await stage.clock.advance(5000);
  expect(stage.table).toHaveLength(85);
  stage.stop.abort();
  expect(await running).toMatchObject({ endedBy: "stopped", drained: true });
});

test("records that stay too few over the whole time are too few to judge: they are loaded and rejected as ever", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 3, () => ({ bad: true }));
  const running = stage.run({ rejectedBounds: bounds({ stopAbove: 0.5, overSeconds: 60 }) });
  await stage.clock.advance(64_000);
  expect(stage.deadLetters.letters).toEqual([]);
  await stage.clock.advance(10_000);
  expect(stage.deadLetters.letters).toHaveLength(3);
  expect(stage.warehouse.positions.get("orders/0")).toEqual({ offset: 3 });
  stage.stop.abort();
  expect(await running).toMatchObject({ endedBy: "stopped", drained: true });
});

test("a batch that holds no more is judged, however many records atLeastRecords wants", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 50, () => ({ bad: true }));
  const options = { rejectedBounds: bounds({ stopAbove: 0.5, atLeastRecords: 1000 }), batch: batchOf(20) };
  expect((await stage.run(options)).condition?.message).toContain("rejected: 20 of 20 records");
  expect(stage.warehouse.positions.size).toBe(0);
});

test("what gathers may grow to the manifest's bound, not only to a first batch's", async () => {
  const stage = new Stage();
  const padding = "x".repeat(100_000);
  stage.produce("orders/0", 100, (n) => ({ padding, ...(n < 20 ? { bad: true } : {}) }));
  stage.topics.end();
  const running = stage.run({ rejectedBounds: bounds({ stopAbove: 0.5 }), batch: { ...batchOf(1000), bytesMax: 20_000_000 } });
  expect(await running).toMatchObject({ endedBy: "ended", rowsLoaded: 80, recordsRejected: 20 });
});

test.each(["ended", "caughtUp"] as const)("where nothing more comes (%s), too few records are not waited with", async (how) => {
  const stage = new Stage();
  stage.produce("orders/0", 10, () => ({ bad: true }));
  if (how === "ended") stage.topics.end();
  const running = stage.run({
    rejectedBounds: bounds({ stopAbove: 0.5 }),
    until: how === "caughtUp" ? "caughtUp" : "stopped",
  });
  await stage.clock.advance(1000);
  expect(await running).toMatchObject({ endedBy: how, recordsRejected: 10 });
});

test("without dead letters the first rejected record stops it, not the part", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100, bad(60));
  const summary = await stage.run({ rejectedBounds: bounds({ stopAbove: 0.5 }), deadLetters: null });
  expect(summary.condition?.reason).toBe("RecordRejected");
});

test("above warnAbove the condition turns False, with the numbers, and True again once it has been within for a minute", async () => {
  const stage = new Stage();
  const running = stage.run({ rejectedBounds: bounds({ warnAbove: 0.1, overSeconds: 60 }), batch: batchOf(1000) });
  stage.produce("orders/0", 99, bad(99));
  await stage.clock.advance(6000);
  expect(stage.condition("QualityAsExpected")).toMatchObject({ status: "True", reason: "AsExpected" });
  stage.produce("orders/0", 1, bad(100));
  await stage.clock.advance(6000);
  const told = stage.condition("QualityAsExpected");
  expect(told).toMatchObject({ status: "False", reason: "TooManyRejected" });
  expect(told?.message).toContain(
    "rejected: 100 of 100 records (100.0 %) in the last 60 s, more than quality.rejected.warnAbove 0.1",
  );
  expect(stage.condition("Ready")?.status).toBe("True");
  expect(await stage.registry.metrics()).toContain("snowline_rejected_fraction 1\n");
  // They leave the window, but a minute within the bound has not gone by.
  await stage.clock.advance(60_000);
  expect(await stage.registry.metrics()).toContain("snowline_rejected_fraction 0\n");
  expect(stage.condition("QualityAsExpected")?.status).toBe("False");
  await stage.clock.advance(60_000);
  expect(stage.condition("QualityAsExpected")?.status).toBe("True");
  stage.stop.abort();
  await running;
});

test("a part that wavers around warnAbove does not make the condition flap", async () => {
  const stage = new Stage();
  const running = stage.run({ rejectedBounds: bounds({ warnAbove: 0.5, overSeconds: 10 }), batch: batchOf(1000) });
  const seen: string[] = [];
  for (let turn = 0; turn < 20; turn++) {
    stage.produce("orders/0", 100, bad(turn % 2 === 0 ? 90 : 0));
    await stage.clock.advance(12_000);
    const status = stage.condition("QualityAsExpected")!.status;
    if (seen.at(-1) !== status) seen.push(status);
  }
  expect(seen).toEqual(["False"]);
  stage.stop.abort();
  await running;
});

test("what a conflict gave up counts once", async () => {
  const stage = new Stage();
  const other = new Stage(stage);
  stage.produce("orders/0", 100, bad(40));
  let taken = false;
  stage.sink.onWrite = () => {
    if (!taken) stage.warehouse.owners.set("orders/0", other.sink);
    taken = true;
  };
  const running = stage.run({ rejectedBounds: bounds({ warnAbove: 0.3 }), batch: batchOf(1000) });
  await stage.clock.advance(60_000);
  expect(stage.condition("QualityAsExpected")?.message).toContain("rejected: 40 of 100 records");
  expect(stage.table).toHaveLength(60);
  stage.stop.abort();
  await running;
});

test("a batch that was given up on its way counts only when it is read again", async () => {
  const stage = new Stage();
  const other = new Stage(stage);
  stage.produce("orders/0", 100);
  stage.sink.gate.shut();
  const running = stage.run({ rejectedBounds: bounds({ stopAbove: 0.4 }), batch: batchOf(1000) });
  await stage.clock.advance(5000);
  stage.produce("orders/0", 100, () => ({ bad: true }));
  stage.warehouse.owners.set("orders/0", other.sink);
  stage.sink.gate.open();
  await stage.clock.advance(60_000);
  expect((await running).condition?.message).toContain("rejected: 100 of 200 records");
  expect(stage.table).toEqual([]);
});

test("splits that go while their records gather are let go of unloaded, and their next reader goes on with them", async () => {
  const stage = new Stage();
  const other = new Stage(stage);
  stage.produce("orders/0", 20, () => ({ bad: true }));
  stage.produce("orders/1", 20, () => ({ bad: true }));
  stage.source.assign(["orders/0", "orders/1"]);
  other.source.assign([]);
  const options = { rejectedBounds: bounds({ stopAbove: 0.5 }), batch: batchOf(1000) };
  const running = [stage.run(options), other.run(options)];
  await stage.clock.advance(20_000);
  stage.source.assign(["orders/1"]);
  other.source.assign(["orders/0"]);
  await stage.clock.advance(10_000);
  expect(stage.warehouse.owners.get("orders/0")).toBe(other.sink);
  expect(stage.warehouse.positions.size).toBe(0);
  stage.produce("orders/0", 80);
  stage.produce("orders/1", 80);
  await stage.clock.advance(10_000);
  expect(stage.table).toEqual([...numbered("orders/0", 100).slice(20), ...numbered("orders/1", 100).slice(20)]);
  expect(stage.deadLetters.letters.map(({ partition }) => partition)).toEqual(Array(20).fill(1));
  expect(other.deadLetters.letters.map(({ partition }) => partition)).toEqual(Array(20).fill(0));
  stage.stop.abort();
  other.stop.abort();
  for (const summary of await Promise.all(running)) expect(summary).toMatchObject({ endedBy: "stopped", drained: true });
});

test("without bounds nothing is said, and the part is counted all the same", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100, bad(25));
  stage.topics.end();
  await stage.run();
  expect(stage.condition("QualityAsExpected")).toBeUndefined();
  expect(await stage.registry.metrics()).toContain("snowline_rejected_fraction 0.25\n");
});
