import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import { opened, readAll, readSome, textsOf } from "../../../contract/source.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

const never = new AbortController().signal;
const roomy = { bytesMax: 64 << 20, recordsMax: 200_000 };
const texts = (count: number, prefix = "r"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

let place: KafkaPlace;
beforeAll(async () => {
  place = new KafkaPlace((await sharedBroker()).bootstrap);
});
afterAll(() => place[Symbol.asyncDispose]());

/** Reads into one batch until it holds `count` records. */
async function batchOf(source: Source, count: number): Promise<Batch> {
  const batch = new Batch([], roomy);
  while (batch.count < count) await readSome(source, batch);
  return batch;
}

test("where a partition ends stays true while nobody reads and nothing more is fetched", async () => {
  const topic = await place.topic(2);
  for (const partition of [0, 1]) await place.produce(topic, partition, texts(50));
  // One answer fills the queue: as behind a sink that stalls.
  const source = await opened(await place.source({ topics: [topic] }, { limits: { queueBytesMax: 1 } }));
  const ends = () => Object.fromEntries(source.progress().map(({ split, end }) => [split, end]));
  await expect.poll(ends, { timeout: 10_000 }).toEqual({ [`${topic}/0`]: 50, [`${topic}/1`]: 50 });
  await place.produce(topic, 1, texts(25, "more"));
  await expect.poll(ends, { timeout: 10_000 }).toEqual({ [`${topic}/0`]: 50, [`${topic}/1`]: 75 });
  expect(textsOf(await batchOf(source, 125)).toSorted()).toEqual([...texts(50), ...texts(50), ...texts(25, "more")].toSorted());
});

describe("the Kafka source reads", () => {
  const codecs = ["GZIP", "Snappy", "LZ4", "ZSTD", "None"] as const;
  test.each(codecs)("records that kafkajs compressed with %s", async (codec) => {
    const topic = await place.topic();
    for (let sent = 0; sent < 3; sent++)
      await place.produce(topic, 0, texts(400, `${sent}-${"x".repeat(50)}-`), kafkajs.CompressionTypes[codec]);
    const batch = await batchOf(await opened(await place.source({ topics: [topic] })), 1200);
    expect(textsOf(batch)).toEqual([0, 1, 2].flatMap((sent) => texts(400, `${sent}-${"x".repeat(50)}-`)));
    expect(batch.origin(1199)).toMatchObject({ topic, partition: 0, offset: 1199 });
  });

  test("from the middle of a compressed record batch", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(100), kafkajs.CompressionTypes.ZSTD);
    const first = await opened(await place.source({ topics: [topic] }));
    const head = new Batch([], { ...roomy, recordsMax: 37 });
    await readSome(first, head);
    const rest = await opened(await place.source({ topics: [topic] }), new Map([[`${topic}/0`, head.moves[0]!.to]]));
    expect(textsOf(await batchOf(rest, 63))).toEqual(texts(100).slice(37));
  });

  test("keys, headers, null and empty parts, and timestamps as they are", async () => {
    const topic = await place.topic();
    const producer = await place.producer();
    await producer.send({
      topic,
      messages: [
        { key: "k", value: "v", timestamp: "1767225600123", headers: { a: Buffer.from([0, 255]), many: ["1", "2"], empty: "" } },
        { key: null, value: "", timestamp: "1" },
        { key: Buffer.alloc(0), value: Buffer.from([0xff, 0x00]) },
      ],
    });
    const batch = await batchOf(await opened(await place.source({ topics: [topic] })), 3);
    const many = [Buffer.from("1"), Buffer.from("2")].map((value) => ({ name: "many", value }));
    expect(batch.original(0)).toEqual({
      key: Buffer.from("k"),
      value: Buffer.from("v"),
      headers: [{ name: "a", value: Buffer.from([0, 255]) }, ...many, { name: "empty", value: Buffer.alloc(0) }],
    });
    expect(batch.origin(0).timestampMs).toBe(1_767_225_600_123);
    expect(batch.original(1)).toEqual({ key: null, value: Buffer.alloc(0), headers: [] });
    expect(batch.original(2)).toEqual({ key: Buffer.alloc(0), value: Buffer.from([0xff, 0x00]), headers: [] });
  });

  test("the broker's time where the topic has it", async () => {
    const topic = await place.topic(1, undefined, { "message.timestamp.type": "LogAppendTime" });
    const producer = await place.producer();
    await producer.send({ topic, messages: [{ value: "v", timestamp: "1000" }] });
    const batch = await batchOf(await opened(await place.source({ topics: [topic] })), 1);
    expect(batch.origin(0).timestampMs).toBeGreaterThan(Date.now() - 60_000);
  });

  test.each([
    ["skip", 2, 1, 0],
    ["keep", 3, 0, 0],
    ["reject", 3, 0, 1],
  ] as const)("tombstones by %s", async (tombstones, count, skipped, rejected) => {
    const topic = await place.topic();
    const producer = await place.producer();
    await producer.send({
      topic,
      messages: [
        { key: "1", value: "a" },
        { key: "1", value: null },
        { key: "2", value: "b" },
      ],
    });
    const batch = await batchOf(await opened(await place.source({ topics: [topic], tombstones })), count);
    expect([batch.count, batch.skipped, batch.rejects.length]).toEqual([count, skipped, rejected]);
    expect(batch.moves[0]!.to).toMatchObject({ offset: 3 });
  });

  test("what retention has left, from its first offset on", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(10));
    await place.deleteRecordsBefore(topic, 4);
    const batch = await batchOf(await opened(await place.source({ topics: [topic] })), 6);
    expect(textsOf(batch)).toEqual(texts(10).slice(4));
    expect(batch.moves).toEqual([{ split: `${topic}/0`, from: null, to: expect.objectContaining({ offset: 10 }) }]);
  });

  test("a record larger than what it asks for at a time", async () => {
    const topic = await place.topic(2, undefined, { "max.message.bytes": "4000000" });
    const large = "y".repeat(2_500_000);
    await place.produce(topic, 0, ["a", large, "b"]);
    await place.produce(topic, 1, ["c"]);
    const source = await opened(
      await place.source({ topics: [topic] }, { limits: { partitionBytesMax: 50_000, fetchBytesMax: 100_000 } }),
    );
    const { texts: found } = await readAll(source, 4, roomy);
    expect(found.get(`${topic}/0`)).toEqual(["a", large, "b"]);
    expect(found.get(`${topic}/1`)).toEqual(["c"]);
  });
});

describe("the Kafka source reads of transactions", () => {
  test("exactly what was committed, also where much was aborted by the same producer", async () => {
    const topic = await place.topic();
    const producer = await place.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    const send = async (prefix: string, count: number, commit: boolean) => {
      const transaction = await producer.transaction();
      for (let sent = 0; sent < count; sent += 5000) {
        await transaction.send({
          topic,
          messages: texts(Math.min(5000, count - sent), `${prefix}-${sent}-`).map((value) => ({ value })),
        });
      }
      await (commit ? transaction.commit() : transaction.abort());
    };
    await send("GOOD1", 100, true);
    await send("BAD1", 100, false);
    await send("GOOD2", 100, true);
    await send("BAD2", 100, false);
    await send("LARGE", 30_000, false);
    await send("GOOD3", 100, true);
    const source = await opened(
      await place.source({ topics: [topic] }, { limits: { partitionBytesMax: 64 << 10, fetchBytesMax: 64 << 10 } }),
    );
    const { texts: found, moves } = await readAll(source, null, roomy);
    expect(found.get(`${topic}/0`)).toEqual(["GOOD1-0-", "GOOD2-0-", "GOOD3-0-"].flatMap((prefix) => texts(100, prefix)));
    const own = moves.flat();
    expect(own.at(-1)!.to).toMatchObject({ offset: 30_500 + 6 });
  });

  test("nothing of one that is still open, and its records once it is committed", async () => {
    const topic = await place.topic();
    const producer = await place.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "open" }] });
    const source = await opened(await place.source({ topics: [topic] }));
    expect(await source.read(new Batch([], roomy), AbortSignal.timeout(500))).toEqual({ kind: "interrupted" });
    await transaction.commit();
    expect(textsOf(await batchOf(source, 1))).toEqual(["open"]);
  });

  test("past aborted records alone, by a move without a record", async () => {
    const topic = await place.topic();
    const producer = await place.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "aborted" }] });
    await transaction.abort();
    const batch = new Batch([], roomy);
    expect(await (await opened(await place.source({ topics: [topic] }))).read(batch, never)).toEqual({ kind: "read" });
    expect([batch.count, batch.moves]).toEqual([
      0,
      [{ split: `${topic}/0`, from: null, to: expect.objectContaining({ offset: 2 }) }],
    ]);
  });
});

describe("the Kafka source starts", () => {
  test("at the end with latest, and stores at once where that was", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(5, "old"));
    const source = await opened(await place.source({ topics: [topic], startFrom: "latest" }));
    const pinned = new Batch([], roomy);
    expect(await source.read(pinned, never)).toEqual({ kind: "positioned" });
    expect(pinned.moves).toEqual([{ split: `${topic}/0`, from: null, to: expect.objectContaining({ offset: 5 }) }]);
    await place.produce(topic, 0, texts(3, "new"));
    expect(textsOf(await batchOf(source, 3))).toEqual(texts(3, "new"));
  });

  test("at the first record not before a time", async () => {
    const topic = await place.topic();
    const producer = await place.producer();
    const at = (iso: string) => String(Date.parse(iso));
    await producer.send({
      topic,
      messages: ["2026-01-01", "2026-02-01", "2026-03-01"].map((day) => ({ value: day, timestamp: at(`${day}T00:00:00Z`) })),
    });
    const batch = await batchOf(await opened(await place.source({ topics: [topic], startFrom: "2026-01-15T01:00:00+01:00" })), 2);
    expect(textsOf(batch)).toEqual(["2026-02-01", "2026-03-01"]);
  });

  test("at the same end with latest, as long as that was not stored", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(5, "old"));
    const source = await opened(await place.source({ topics: [topic], startFrom: "latest" }));
    await place.produce(topic, 0, texts(3, "new"));
    await opened(source);
    expect(textsOf(await batchOf(source, 3))).toEqual(texts(3, "new"));
  });

  test("at the beginning with latest where another partition of the topic was read before", async () => {
    const topic = await place.topic(2);
    await place.produce(topic, 0, texts(5, "a"));
    const first = await opened(await place.source({ topics: [topic] }));
    const head = await batchOf(first, 5);
    await place.produce(topic, 1, texts(3, "b"));
    const stored = head.moves.find(({ split }) => split === `${topic}/0`)!.to;
    const second = await opened(await place.source({ topics: [topic], startFrom: "latest" }), new Map([[`${topic}/0`, stored]]));
    expect(textsOf(await batchOf(second, 3))).toEqual(texts(3, "b"));
  });

  test("at the end with a time after all records", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(2));
    const source = await opened(await place.source({ topics: [topic], startFrom: "2099-01-01T00:00:00Z" }));
    await place.produce(topic, 0, ["next"]);
    expect(textsOf(await batchOf(source, 1))).toEqual(["next"]);
  });

  test("where it stored, whatever startFrom says", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(10));
    const first = await opened(await place.source({ topics: [topic] }));
    const head = new Batch([], { ...roomy, recordsMax: 4 });
    await readSome(first, head);
    const second = await opened(
      await place.source({ topics: [topic], startFrom: "latest" }),
      new Map([[`${topic}/0`, head.moves[0]!.to]]),
    );
    expect(textsOf(await batchOf(second, 6))).toEqual(texts(10).slice(4));
  });
});
