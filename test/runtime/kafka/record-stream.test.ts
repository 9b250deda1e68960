import { expect, test } from "vitest";
import { Batch } from "../../../runtime/component/batch.ts";
import { NotConnected } from "../../../runtime/component/errors.ts";
import type { RecordView } from "../../../runtime/component/record.ts";
import { CorruptRecords } from "../../../runtime/kafka/byte-reader.ts";
import type { FetchedSplit } from "../../../runtime/kafka/fetched-split.ts";
import type { Fetcher, Piece } from "../../../runtime/kafka/fetcher.ts";
import { kafkaLimits } from "../../../runtime/kafka/kafka-limits.ts";
import { PieceReader, type Taken } from "../../../runtime/kafka/piece-reader.ts";
import { type OpenAt, RecordStream } from "../../../runtime/kafka/record-stream.ts";
import { textsOf } from "../../contract/source.ts";
import { fetched, type StubAnswers, stubCluster, stubContext, stubTopic } from "./stub-cluster.ts";
import { textFormat } from "./kafka-place.ts";

const never = new AbortController().signal;
const newBatch = () => new Batch([], { bytesMax: 1 << 20, recordsMax: 100 });
const append = (record: RecordView, into: Batch): Taken => (into.append(record, textFormat) ? "taken" : "wait");

function streamOf(answers: StubAnswers, take = append, at: Partial<OpenAt> = {}): RecordStream {
  const stream = new RecordStream({
    cluster: stubCluster(answers),
    context: stubContext,
    limits: kafkaLimits,
    fetchWaitMs: 0,
    take,
    prepare: () => undefined,
    interruption: () => null,
    failure: () => null,
  });
  const open = { id: "orders/0", topic: stubTopic, partition: 0, position: null, offset: 0, stored: false, pinned: false };
  stream.start({ ...open, ...at });
  return stream;
}

/** Takes all but one record, which it fails at the first time. */
function failingAt(offset: number, error: Error): (record: RecordView, into: Batch) => Taken {
  let failed = false;
  return (record, into) => {
    if (record.offset !== offset || failed) return append(record, into);
    failed = true;
    throw error;
  };
}

test.each([new NotConnected("registry: away"), new Error("broken")])(
  "what a record throws comes through, the records before it have their move, and it is tried again: %s",
  async (error) => {
    await using stream = streamOf({ fetches: [[fetched(0, [0, 1, 2, 3])]] }, failingAt(2, error));
    const batch = newBatch();
    await expect(stream.read(batch, never)).rejects.toBe(error);
    expect(textsOf(batch)).toEqual(["r0", "r1"]);
    expect(batch.moves).toEqual([{ split: "orders/0", from: null, to: { topicId: "first", offset: 2 } }]);
    const rest = newBatch();
    await stream.read(rest, never);
    expect(textsOf(rest)).toEqual(["r2", "r3"]);
    expect(rest.moves[0]).toMatchObject({ from: { offset: 2 }, to: { offset: 4 } });
  },
);

test("a record that turns out corrupt only when it is taken is fetched again, not passed over", async () => {
  const answer = [fetched(0, [0, 1, 2])];
  const second = Promise.withResolvers<typeof answer>();
  const fetches = [answer, second.promise, answer];
  await using stream = streamOf({ fetches }, failingAt(1, new CorruptRecords("a header has no name")));
  const batch = newBatch();
  await stream.read(batch, never);
  expect(batch.moves[0]!.to).toEqual({ topicId: "first", offset: 1 });
  // It was asked for behind the records: its answer is of no use any more.
  second.resolve(answer);
  while (batch.count < 3) await stream.read(batch, never);
  expect(textsOf(batch)).toEqual(["r0", "r1", "r2"]);
});

test("where all that is left is the end, it goes there by a move without a record", async () => {
  const fetches = [[fetched(0, [], 1)], [{ ...fetched(0, []), lastStableOffset: 7 }]];
  const position = { topicId: "first", offset: 2 };
  await using stream = streamOf({ fetches, offsetAt: async () => 7 }, append, { position, offset: 2, stored: true });
  const batch = newBatch();
  expect(await stream.read(batch, never)).toEqual({ kind: "read" });
  expect([batch.count, batch.moves]).toEqual([0, [{ split: "orders/0", from: position, to: { topicId: "first", offset: 7 } }]]);
  await expect.poll(() => stream.progress()).toEqual([{ split: "orders/0", at: 7, end: 7, timestampMs: null }]);
});

test("a first position is told before any record, and once", async () => {
  await using stream = streamOf({ fetches: [[fetched(0, [3, 4])]] }, append, { offset: 3, pinned: true });
  const batch = newBatch();
  expect(await stream.read(batch, AbortSignal.abort())).toEqual({ kind: "interrupted" });
  expect(batch.empty).toBe(true);
  expect(await stream.read(batch, never)).toEqual({ kind: "positioned" });
  expect([batch.count, batch.moves]).toEqual([0, [{ split: "orders/0", from: null, to: { topicId: "first", offset: 3 } }]]);
  expect(await stream.read(batch, never)).toEqual({ kind: "read" });
  expect(textsOf(batch)).toEqual(["r3", "r4"]);
});

test("a piece of a split that nobody reads any more makes no record", () => {
  const { records, ...rest } = fetched(0, [0, 1]);
  const piece = {
    split: rest as unknown as FetchedSplit,
    topicId: "first",
    records: { bytes: records, end: records.length, aborted: [], from: 0 },
  };
  const pieces: Piece[] = [piece];
  const fetcher = { take: () => pieces.shift() } as unknown as Fetcher;
  const reader = new PieceReader({ fetcher, take: append, wait: async () => {} });
  const batch = newBatch();
  expect(reader.step(batch)).toEqual({ more: true, moved: false });
  expect(reader.step(batch)).toEqual({ more: false, moved: false });
  expect([batch.count, batch.empty]).toEqual([0, true]);
});
