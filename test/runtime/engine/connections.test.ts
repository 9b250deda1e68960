import { expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

const gone = (): NotConnected => new NotConnected("broker 127.0.0.1:9092: connection refused");

test("a source that cannot be reached is asked again, later each time, and the condition says so meanwhile", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1);
  for (let failure = 0; failure < 3; failure++) stage.source.failures.push({ in: "read", error: gone() });
  const running = stage.run();
  await settle();
  expect(stage.condition("SourceReachable")).toMatchObject({ status: "False", reason: "NotConnected" });
  expect(stage.condition("SourceReachable")?.message).toContain("broker 127.0.0.1:9092: connection refused");
  expect(stage.condition("Ready")?.status).toBe("False");
  await stage.clock.advance(250 + 500 + 999);
  expect(stage.condition("SourceReachable")?.status).toBe("False");
  await stage.clock.advance(1);
  expect(stage.condition("SourceReachable")?.status).toBe("True");
  expect(stage.condition("Ready")?.status).toBe("True");
  await stage.clock.advance(5000);
  expect(stage.table).toEqual(numbered("orders/0", 1));
  stage.stop.abort();
  await running;
});

test("what was read is loaded in time although the source is gone", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1);
  const running = stage.run();
  await settle();
  for (let failure = 0; failure < 50; failure++) stage.source.failures.push({ in: "read", error: gone() });
  stage.topics.wake();
  await stage.clock.advance(4999);
  expect(stage.table).toEqual([]);
  await stage.clock.advance(1);
  expect(stage.table).toEqual(numbered("orders/0", 1));
  stage.stop.abort();
  await running;
});

test.each(["before", "after"] as const)(
  "a write whose connection is lost %s it took effect is repeated, and its rows are there once",
  async (when) => {
    const stage = new Stage();
    stage.sink.failures.push(when, when);
    stage.produce("orders/0", 100);
    stage.topics.end();
    const running = stage.run();
    await settle();
    expect(stage.condition("SinkReachable")).toMatchObject({ status: "False", reason: "NotConnected" });
    await stage.clock.advance(10_000);
    expect(await running).toMatchObject({ endedBy: "ended", rowsLoaded: 100, batches: 1 });
    expect(stage.table).toEqual(numbered("orders/0", 100));
    expect(await stage.registry.metrics()).toContain('snowline_retries_total{component="sink"} 2');
  },
);

test("pauses grow to half a minute and no further", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 100);
  for (let failure = 0; failure < 100; failure++) stage.sink.failures.push("before");
  const running = stage.run();
  await stage.clock.advance(600_000);
  const left = stage.sink.failures.length;
  await stage.clock.advance(30_000);
  expect(stage.sink.failures.length).toBe(left - 1);
  stage.stop.abort();
  await stage.clock.advance(25_000);
  await running;
});

test("a sink that refuses for good stops the pipeline with its reason, and what follows is not loaded", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1000);
  stage.sink.onWrite = () => {
    if (stage.sink.writes.length === 1) throw new Terminal("TableMissing", "table main.orders: does not exist; create it");
  };
  const summary = await stage.run();
  expect(summary).toMatchObject({ endedBy: "failed", rowsLoaded: 100, batches: 1 });
  expect(summary.condition).toMatchObject({
    type: "Progressing",
    status: "False",
    reason: "TableMissing",
    message: "table main.orders: does not exist; create it",
  });
  expect(stage.condition("Ready")).toMatchObject({ status: "False", reason: "TableMissing" });
  expect(stage.table).toEqual(numbered("orders/0", 100));
  expect(stage.transformer.disposed).toBe(true);
});

test("a source that refuses for good stops the pipeline, and the batches before are loaded", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 130);
  const running = stage.run();
  await settle();
  stage.source.failures.push({ in: "read", error: new Terminal("TopicMissing", "topic orders: does not exist") });
  stage.topics.wake();
  expect(await running).toMatchObject({ endedBy: "failed", rowsLoaded: 100, condition: { reason: "TopicMissing" } });
});

test.each([new Error("TooManyLetters"), new Terminal("TooManyLetters", "too many letters")])(
  "a read that throws a $name between a record and its move costs its batch, and the next run loads each record once",
  async (thrown) => {
    const stage = new Stage();
    stage.produce("orders/0", 10);
    const ended = Promise.allSettled([stage.run()]);
    await settle();
    stage.source.failures.push({ in: "append", error: thrown });
    stage.produce("orders/0", 10);
    await ended;
    const next = new Stage(stage);
    stage.topics.end();
    expect(await next.run()).toMatchObject({ endedBy: "ended" });
    expect(stage.table).toEqual(numbered("orders/0", 20));
  },
);

test("a split that cannot be opened does not hold up the others, a condition names it, and it is tried again", async () => {
  const stage = new Stage();
  for (const split of ["orders/0", "orders/1"]) stage.produce(split, 100);
  for (let failure = 0; failure < 2; failure++) {
    stage.source.failures.push({ in: "open", error: new NotConnected("orders/0: the partition has no leader") });
  }
  stage.source.assign(["orders/0", "orders/1"]);
  const running = stage.run();
  await settle();
  // Both could not be opened.
  expect(stage.condition("SourceReachable")).toMatchObject({ status: "False", reason: "NotConnected" });
  stage.source.failures.push({ in: "open", error: new NotConnected("orders/0: the partition has no leader") });
  await stage.clock.advance(250);
  expect(stage.table).toEqual(numbered("orders/1", 100));
  expect(stage.condition("SourceReachable")).toMatchObject({ status: "True" });
  expect(stage.condition("SourceAsExpected")).toMatchObject({
    status: "False",
    message: "orders/0: is not read now (orders/0: the partition has no leader); tries again by itself",
  });
  await stage.clock.advance(500);
  expect(stage.table).toEqual([...numbered("orders/0", 100), ...numbered("orders/1", 100)]);
  expect(stage.condition("SourceAsExpected")).toMatchObject({ status: "True" });
  stage.stop.abort();
  await running;
});

test("an error nobody announced is thrown, and the batch it hit is not loaded", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 300);
  stage.transformer.failures.push(new Error("Out of Memory Error"));
  await expect(stage.run()).rejects.toThrow("Out of Memory Error");
  expect(stage.table).toEqual([]);
  expect(stage.condition("Progressing")).toMatchObject({ status: "False", reason: "InternalError" });
});

test("what a source has to tell stands in a condition until it is over", async () => {
  const stage = new Stage();
  const running = stage.run();
  const look = async (): Promise<unknown> => {
    stage.produce("orders/0", 1);
    stage.source.assign(["orders/0"]);
    await settle();
    return stage.condition("SourceAsExpected");
  };
  expect(await look()).toBeUndefined();
  stage.source.told = ["file a.csv: changed after it was loaded; give it a new name"];
  expect(await look()).toMatchObject({ status: "False", message: "file a.csv: changed after it was loaded; give it a new name" });
  stage.source.told = [];
  expect(await look()).toMatchObject({ status: "True" });
  stage.stop.abort();
  await running;
});
