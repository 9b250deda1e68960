import { expect, test } from "vitest";
import { NotConnected } from "../../../runtime/component/errors.ts";
import { settle } from "./fakes/fake-clock.ts";
import { numbered, Stage } from "./fakes/stage.ts";

const everyTenthBad = (n: number): object => (n % 10 === 3 ? { bad: true } : {});

test("letters are durable before the position moves past their records", async () => {
  const stage = new Stage();
  stage.deadLetters.gate.shut();
  stage.produce("orders/0", 100, everyTenthBad);
  stage.topics.end();
  const running = stage.run();
  await stage.clock.advance(60_000);
  expect(stage.deadLetters.gate.waiting).toBe(1);
  expect(stage.sink.writes).toEqual([]);
  let lettersAtWrite = 0;
  stage.sink.onWrite = () => (lettersAtWrite = stage.deadLetters.letters.length);
  stage.deadLetters.gate.open();
  expect(await running).toMatchObject({ rowsLoaded: 90, recordsRejected: 10 });
  expect(lettersAtWrite).toBe(10);
});

test("a letter has the record's bytes, its position, the pipeline and the reason", async () => {
  const stage = new Stage();
  stage.topics.append("orders/2", [
    { value: '{"n":0}', timestampMs: 1 },
    { value: "not JSON", timestampMs: 2 },
    { value: '{"n":2,"bad":true}', timestampMs: 3 },
  ]);
  stage.topics.end();
  await stage.run();
  const from = {
    pipeline: "default/orders",
    schemaVersion: "0123456789ab",
    topic: "orders",
    partition: 2,
    key: null,
    headers: [],
  };
  expect(stage.deadLetters.letters).toEqual([
    { ...from, offset: 1, timestampMs: 2, value: Buffer.from("not JSON"), error: "the value is no JSON object" },
    { ...from, offset: 2, timestampMs: 3, value: Buffer.from('{"n":2,"bad":true}'), error: "the record is bad" },
  ]);
  const text = await stage.registry.metrics();
  expect(text).toContain('snowline_records_rejected_total{refused_by="format"} 1');
  expect(text).toContain('snowline_records_rejected_total{refused_by="transform"} 1');
});

test("a batch of nothing but rejects is written in calls of at most a thousand letters", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 2500, () => ({ bad: true }));
  stage.topics.end();
  await stage.run({ batch: { bytesMax: 1_000_000, recordsMax: 2500, everyMs: 5000 } });
  expect(stage.deadLetters.letters.map(({ offset }) => offset)).toEqual(Array.from({ length: 2500 }, (_, offset) => offset));
});

test("dead letters that cannot be reached hold the batch back", async () => {
  const stage = new Stage();
  stage.deadLetters.failures.push(new NotConnected("dead letters: connection refused"));
  stage.produce("orders/0", 10, everyTenthBad);
  stage.topics.end();
  const running = stage.run();
  await settle();
  expect(stage.condition("DeadLettersReachable")?.status).toBe("False");
  expect(stage.sink.writes).toEqual([]);
  await stage.clock.advance(250);
  expect(await running).toMatchObject({ rowsLoaded: 9, recordsRejected: 1 });
});

test("without dead letters the first reject stops the pipeline, and nothing of its batch is loaded", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 300, (n) => (n === 117 ? { bad: true } : {}));
  stage.topics.end();
  stage.sink.failures.push("before");
  const running = stage.run({ deadLetters: null });
  await stage.clock.advance(60_000);
  const summary = await running;
  expect(summary).toMatchObject({ endedBy: "failed", rowsLoaded: 100, recordsRejected: 0 });
  expect(summary.condition?.reason).toBe("RecordRejected");
  expect(summary.condition?.message).toContain("orders/0 offset 117: the record is bad");
  expect(stage.table).toEqual(numbered("orders/0", 100));
  expect(stage.warehouse.positions.get("orders/0")).toEqual({ offset: 100 });
});

test("a batch behind the one that stops the pipeline is not loaded, be it of another split", async () => {
  const stage = new Stage();
  stage.transformer.gate.shut();
  stage.produce("orders/0", 100, everyTenthBad);
  stage.produce("orders/1", 100);
  const running = stage.run({ deadLetters: null });
  await settle();
  stage.transformer.gate.open();
  expect(await running).toMatchObject({ endedBy: "failed", rowsLoaded: 0, recordsRead: 200 });
  expect(stage.table).toEqual([]);
});
