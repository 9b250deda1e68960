import { expect, test } from "vitest";
import { NotConnected } from "../../../runtime/component/errors.ts";
import type { Reject } from "../../../transform/rows.ts";
import { numbered, Stage } from "./fakes/stage.ts";

/** Row by row: the memory sink's rows have no ordinal, and where nothing is filtered the index is the same. */
const refusesSevens = (rows: readonly unknown[]): readonly Reject[] =>
  (rows as { n: number }[]).flatMap(({ n }, ordinal) => (n % 100 === 7 ? [{ ordinal, error: "refused by the warehouse" }] : []));

function refusing(): Stage {
  const stage = new Stage();
  stage.sink.rejectsLater = true;
  stage.sink.refuseLater = refusesSevens;
  return stage;
}

test("records that the warehouse refuses after it took them become letters with their own bytes", async () => {
  const stage = refusing();
  stage.produce("orders/0", 1000);
  stage.topics.end();
  expect(await stage.run()).toMatchObject({ endedBy: "ended", recordsLoaded: 1000, rowsLoaded: 990, recordsRejected: 10 });
  expect(stage.deadLetters.letters.map(({ offset, value, error }) => [offset, JSON.parse(String(value)).n, error])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index * 100 + 7, index * 100 + 7, "refused by the warehouse"]),
  );
  expect(stage.table).toEqual(numbered("orders/0", 1000).filter((_, n) => n % 100 !== 7));
});

test("letters of late rejects are durable before the sink is called again", async () => {
  const stage = refusing();
  stage.deadLetters.failures.push(new NotConnected("down"), new NotConnected("down"));
  stage.produce("orders/0", 200);
  stage.topics.end();
  const before: number[] = [];
  stage.sink.onWrite = () => before.push(stage.deadLetters.letters.length);
  const running = stage.run();
  await stage.clock.advance(60_000);
  expect(await running).toMatchObject({ recordsRejected: 2 });
  expect(before).toEqual([0, 1]);
});

test("late rejects of splits that were written beside another one's conflict become letters, too", async () => {
  const stage = refusing();
  stage.produce("orders/0", 10);
  stage.topics.end();
  const write = stage.sink.write.bind(stage.sink);
  stage.sink.write = async (_rows, moves) => {
    stage.sink.write = write;
    return { kind: "conflict", splits: [], rejected: [{ ordinal: 3, error: `refused of ${moves.length}` }] };
  };
  await stage.run();
  expect(stage.deadLetters.letters.map(({ offset, error }) => [offset, error])).toEqual([
    [3, "refused of 1"],
    [7, "refused by the warehouse"],
  ]);
});

test("without a dead-letter destination a late reject stops the pipeline, and the message says that the others are loaded", async () => {
  const stage = refusing();
  stage.produce("orders/0", 100);
  stage.topics.end();
  expect(await stage.run({ deadLetters: null })).toMatchObject({
    endedBy: "failed",
    condition: { reason: "RecordRejected", message: expect.stringMatching("orders/0 offset 7: refused.*the others are loaded") },
  });
});

test("a batch that is too large is read again in smaller ones, and every record is loaded once", async () => {
  const stage = new Stage();
  stage.sink.rejectsLater = true;
  stage.sink.tooLarge = (rows) => rows.length > 9;
  stage.produce("orders/0", 300);
  stage.produce("orders/1", 300);
  stage.topics.end();
  expect(await stage.run()).toMatchObject({ endedBy: "ended", recordsLoaded: 600, drained: true });
  expect(stage.table).toEqual([...numbered("orders/0", 300), ...numbered("orders/1", 300)]);
});

test("a record that is too large by itself is rejected with the reason, and batches are large again behind it", async () => {
  const stage = new Stage();
  stage.sink.rejectsLater = true;
  stage.sink.tooLarge = (rows) => (rows as { n: number }[]).some(({ n }) => n === 150);
  stage.produce("orders/0", 1000);
  stage.topics.end();
  expect(await stage.run()).toMatchObject({ endedBy: "ended", recordsLoaded: 1000, recordsRejected: 1 });
  expect(stage.deadLetters.letters.map(({ offset, error }) => [offset, error])).toEqual([
    [150, "rows: too many bytes for one request"],
  ]);
  expect(stage.table).toEqual(numbered("orders/0", 1000).filter((name) => name !== "orders/0:150"));
  expect(stage.transformer.batches.slice(-8)).toContain(100);
});

test("a record that is too large by itself stops a pipeline without a dead-letter destination", async () => {
  const stage = new Stage();
  stage.sink.rejectsLater = true;
  stage.sink.tooLarge = () => true;
  stage.produce("orders/0", 10);
  stage.topics.end();
  expect(await stage.run({ deadLetters: null })).toMatchObject({
    endedBy: "failed",
    condition: { reason: "RecordRejected", message: expect.stringContaining("orders/0 offset 0: rows: too many bytes") },
  });
});
