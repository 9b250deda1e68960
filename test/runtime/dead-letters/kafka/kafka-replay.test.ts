import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import { type Letter, lettersMax } from "../../../../runtime/component/dead-letters.ts";
import { NotConnected, Terminal } from "../../../../runtime/component/errors.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import { type Format, needsSchema } from "../../../../runtime/component/record.ts";
import { openKafkaDeadLetters } from "../../../../runtime/dead-letters/kafka/kafka-dead-letters.ts";
import { type KafkaReplayOptions, openKafkaReplay } from "../../../../runtime/dead-letters/kafka/kafka-replay.ts";
import { kafkaLimits } from "../../../../runtime/kafka/kafka-limits.ts";
import { letterOf } from "../../../contract/dead-letters.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { KafkaPlace, textFormat } from "../../kafka/kafka-place.ts";

const never = new AbortController().signal;
const pipeline = { namespace: "shop", name: "orders" };

let place: KafkaPlace;
beforeAll(async () => {
  place = new KafkaPlace((await sharedBroker()).bootstrap);
});
afterAll(() => place[Symbol.asyncDispose]());

async function write(topic: string, letters: readonly Letter[]): Promise<void> {
  await using opened = await openKafkaDeadLetters({ connection: "events", topic }, place.context());
  for (let at = 0; at < letters.length; at += lettersMax) await opened.write(letters.slice(at, at + lettersMax));
}

interface Replayed {
  readonly records: readonly { topic: string; partition: number; offset: number; timestampMs: number; value: string | null }[];
  readonly letters: readonly Letter[];
  readonly positions: ReadonlyMap<string, Position>;
  readonly rejects: number;
}

/** A whole replay, as `snowline replay` makes it; `most` ends it early. */
async function replay(
  topic: string,
  positions: ReadonlyMap<string, Position> = new Map(),
  most = Infinity,
  options: KafkaReplayOptions = {},
): Promise<Replayed> {
  await using source = await openKafkaReplay({ connection: "events", topic }, textFormat, place.context(pipeline), options);
  for (const split of await source.splits(never)) await source.open(split, positions.get(split.id) ?? null);
  const records = [];
  const letters: Letter[] = [];
  const moved = new Map(positions);
  let rejects = 0;
  for (;;) {
    const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: Math.min(most - records.length, 100) });
    const { kind } = await source.read(batch, never);
    for (let ordinal = 0; ordinal < batch.count; ordinal++) {
      const original = batch.original(ordinal);
      records.push({ ...batch.origin(ordinal), value: original.value?.toString() ?? null });
      letters.push({ ...original, ...batch.origin(ordinal), error: "again", pipeline: "shop/orders", schemaVersion: "bbbb" });
    }
    for (const { split, from, to } of batch.moves) {
      expect(Number(to["offset"])).toBeGreaterThan(Number(from?.["offset"] ?? -1));
      moved.set(split, to);
    }
    rejects += batch.rejects.length;
    if (kind === "ended" || records.length >= most) return { records, letters, positions: moved, rejects };
  }
}

const byOffset = ({ records }: Replayed) => records.map(({ offset }) => offset).toSorted((a, b) => a - b);

describe("a replay of Kafka dead letters", () => {
  test("shows the records as they were", async () => {
    const topic = await place.topic(3, uniqueName("dead"));
    await write(topic, [letterOf("orders", 41, { partition: 7, timestampMs: 1234, value: Buffer.from("bad") })]);
    const { records, letters } = await replay(topic);
    expect(records).toEqual([{ topic: "orders", partition: 7, offset: 41, timestampMs: 1234, value: "bad" }]);
    expect(letters[0]!.headers).toEqual([
      { name: "h", value: Buffer.from("v") },
      { name: "snowline.replays", value: Buffer.from("1") },
    ]);
  });

  test("shows a record once that has several letters, and none of other pipelines or of what is no letter", async () => {
    const topic = await place.topic(2, uniqueName("dead"));
    await place.produce(topic, 0, ["no letter"]);
    await write(
      topic,
      [1, 2, 1, 3, 2].map((offset) => letterOf("orders", offset)),
    );
    await write(topic, [letterOf("orders", 9, { pipeline: "shop/others" }), letterOf("orders", 1, { partition: 1 })]);
    expect(byOffset(await replay(topic))).toEqual([1, 1, 2, 3]);
  });

  test("shows nothing the second time, though a letter is written again", async () => {
    const topic = await place.topic(2, uniqueName("dead"));
    await write(
      topic,
      [1, 2, 3].map((offset) => letterOf("orders", offset)),
    );
    const first = await replay(topic);
    expect(byOffset(first)).toEqual([1, 2, 3]);
    expect(byOffset(await replay(topic, first.positions))).toEqual([]);
    await write(topic, [letterOf("orders", 2), letterOf("orders", 4)]);
    expect(byOffset(await replay(topic, first.positions))).toEqual([4]);
  });

  test("that was cut off goes on where it was", async () => {
    const topic = await place.topic(1, uniqueName("dead"));
    await write(
      topic,
      Array.from({ length: 2500 }, (_, index) => letterOf("orders", index % 2000)),
    );
    const first = await replay(topic, new Map(), 1700);
    // One record batch at a time, so that what was replayed before is read in reads of its own.
    const limits = { ...kafkaLimits, queueBytesMax: 1, partitionBytesMax: 1000, fetchBytesMax: 1000 };
    const rest = await replay(topic, first.positions, Infinity, { limits });
    expect([...byOffset(first), ...byOffset(rest)]).toEqual(Array.from({ length: 2000 }, (_, offset) => offset));
  });

  test("shows nothing the second time, though a letter is written again into a partition that came later", async () => {
    const topic = await place.topic(1, uniqueName("dead"));
    const letters = Array.from({ length: 8 }, (_, partition) => letterOf("orders", 1, { partition }));
    await write(topic, letters);
    const first = await replay(topic);
    expect(first.records).toHaveLength(8);
    await place.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await write(topic, [...letters, letterOf("orders", 2)]);
    expect(byOffset(await replay(topic, first.positions))).toEqual([2]);
  });

  test("tries a letter again whose format was away, whatever splits are opened and released meanwhile", async () => {
    const topic = await place.topic(2, uniqueName("dead"));
    const letters = Array.from({ length: 8 }, (_, partition) => letterOf("orders", 1, { partition }));
    await write(topic, letters);
    let away = true;
    const format: Format = {
      encode: (record, into) => (away ? needsSchema : textFormat.encode(record, into)),
      prepare: async () => {
        if (away) throw new NotConnected("registry: away");
      },
    };
    await using source = await openKafkaReplay({ connection: "events", topic }, format, place.context(pipeline));
    const splits = await source.splits(never);
    for (const split of splits) await source.open(split, null);
    const shown = new Set<number>();
    const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: 100 });
    while (
      await source.read(batch, never).then(
        (read) => read.kind !== "ended",
        () => false,
      )
    );
    // The letter that waits is the first of its split, and nothing of the other one was read.
    const others = splits.filter(({ id }) => !batch.moves.some(({ split }) => split === id));
    expect(others).toHaveLength(1);
    source.release(others[0]!.id);
    await source.open(others[0]!, null);
    away = false;
    batch.clear();
    for (;;) {
      const { kind } = await source.read(batch, never);
      for (let ordinal = 0; ordinal < batch.count; ordinal++) shown.add(batch.origin(ordinal).partition);
      if (kind === "ended") break;
    }
    expect([...shown].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("shows a letter whose timestamp is beyond all bounds as refused", async () => {
    const topic = await place.topic(1, uniqueName("dead"));
    await write(topic, [letterOf("orders", 1, { timestampMs: 2 ** 60 })]);
    const { records, rejects } = await replay(topic);
    expect([records.length, records[0]!.timestampMs, rejects]).toEqual([1, Number.MAX_SAFE_INTEGER, 1]);
  });

  test("shows again what was replayed and refused again, and ends before what it makes itself", async () => {
    const topic = await place.topic(1, uniqueName("dead"));
    await write(topic, [letterOf("orders", 1), letterOf("orders", 2)]);
    const first = await replay(topic);
    await write(topic, first.letters.slice(0, 1));
    await write(topic, first.letters.slice(0, 1));
    const second = await replay(topic, first.positions);
    expect(second.records.map(({ offset }) => offset)).toEqual([1]);
    expect(second.letters[0]!.headers.at(-1)).toEqual({ name: "snowline.replays", value: Buffer.from("2") });
  });

  test.each([
    ["keep", 1, 0],
    ["skip", 0, 0],
    ["reject", 1, 1],
  ] as const)("takes tombstones by %s", async (tombstones, count, rejects) => {
    const topic = await place.topic(1, uniqueName("dead"));
    await write(topic, [letterOf("orders", 1, { value: null })]);
    const found = await replay(topic, new Map(), Infinity, { tombstones });
    expect([found.records.length, found.rejects]).toEqual([count, rejects]);
  });

  test("of a topic that does not exist stops", async () => {
    await expect(replay(uniqueName("missing"))).rejects.toThrow(Terminal);
  });
});
