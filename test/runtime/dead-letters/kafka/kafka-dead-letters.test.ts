import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import { NotConnected } from "../../../../runtime/component/errors.ts";
import type { Header } from "../../../../runtime/component/record.ts";
import { openKafkaDeadLetters } from "../../../../runtime/dead-letters/kafka/kafka-dead-letters.ts";
import { readLetterHeaders } from "../../../../runtime/dead-letters/kafka/letter-headers.ts";
import { deadLettersContract, letterOf } from "../../../contract/dead-letters.ts";
import { readSome } from "../../../contract/source.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

const never = new AbortController().signal;

/** Everything in a topic, as kafkajs sees it: headers of one name become a list, so names repeat in the order of each list. */
async function consume(
  place: KafkaPlace,
  topic: string,
): Promise<readonly { key: Buffer | null; value: Buffer | null; headers: readonly Header[] }[]> {
  const found: { key: Buffer | null; value: Buffer | null; headers: readonly Header[] }[] = [];
  const ends = await place.admin.fetchTopicOffsets(topic);
  const wanted = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const consumer = place.client.consumer({ groupId: uniqueName("reader"), sessionTimeout: 10_000 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  if (wanted === 0) resolve();
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const list = Object.entries(headers).flatMap(([name, values]) =>
        [values ?? null].flat().map((one) => ({ name, value: one === null ? null : Buffer.from(one) })),
      );
      found.push({ key, value, headers: list });
      if (found.length === wanted) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return found;
}

deadLettersContract("the Kafka dead letters", {
  place: async () => {
    const place = new KafkaPlace((await sharedBroker()).bootstrap);
    const topic = await place.topic(3, uniqueName("dead"));
    return {
      open: () => openKafkaDeadLetters({ connection: "events", topic }, place.context()),
      letters: async () =>
        (await consume(place, topic)).map(({ key, value, headers }) => ({ ...readLetterHeaders(headers)!, key, value })),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  },
});

describe("the Kafka dead letters", () => {
  let place: KafkaPlace;
  beforeAll(async () => {
    place = new KafkaPlace((await sharedBroker()).bootstrap);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test("hold the bytes that kafkajs once sent, and say in headers where they were and why", async () => {
    const [orders, dead] = [await place.topic(), await place.topic(1, uniqueName("dead"))];
    const producer = await place.producer();
    const sent = {
      key: Buffer.from([1, 0, 255]),
      value: Buffer.from([0x7b, 0xff, 0x00]),
      headers: { trace: Buffer.from([9, 200]) },
    };
    await producer.send({ topic: orders, messages: [{ ...sent, timestamp: "1767225600000" }] });
    const source = await place.source({ topics: [orders] });
    for (const split of await source.splits(never)) await source.open(split, null);
    const batch = new Batch([], { bytesMax: 1000, recordsMax: 10 });
    while (batch.count === 0) await readSome(source, batch);
    await using letters = await openKafkaDeadLetters({ connection: "events", topic: dead }, place.context());
    await letters.write([
      { ...batch.original(0), ...batch.origin(0), error: "not JSON", pipeline: "shop/orders", schemaVersion: "0123456789ab" },
    ]);
    const [found] = await consume(place, dead);
    expect([found!.key, found!.value]).toEqual([sent.key, sent.value]);
    expect(found!.headers.map(({ name, value }) => [name, value!.toString("latin1")])).toEqual([
      ["trace", sent.headers.trace.toString("latin1")],
      ["snowline.topic", orders],
      ["snowline.partition", "0"],
      ["snowline.offset", "0"],
      ["snowline.timestamp", "1767225600000"],
      ["snowline.error", "not JSON"],
      ["snowline.pipeline", "shop/orders"],
      ["snowline.schema-version", "0123456789ab"],
    ]);
  });

  test("larger together than a topic takes at a time go one after the other", async () => {
    const dead = await place.topic(1, uniqueName("dead"));
    await using letters = await openKafkaDeadLetters({ connection: "events", topic: dead }, place.context());
    const value = Buffer.alloc(300_000, "x");
    await letters.write(Array.from({ length: 10 }, (_, offset) => letterOf("orders", offset, { value })));
    expect(await consume(place, dead)).toHaveLength(10);
  });

  test("whose topic is missing wait for it, and name it", async () => {
    const topic = uniqueName("missing");
    await using letters = await openKafkaDeadLetters({ connection: "events", topic }, place.context());
    const failure = await letters.write([letterOf("orders", 1)]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotConnected);
    expect(String(failure)).toContain(`"${topic}"`);
    await place.topic(1, topic);
    await letters.write([letterOf("orders", 1)]);
    expect(await consume(place, topic)).toHaveLength(1);
  });
});
