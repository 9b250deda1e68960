import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import { NotConnected, Terminal } from "../../../../runtime/component/errors.ts";
import { opened, readAll, readSome, textsOf } from "../../../contract/source.ts";
import { createTopic } from "../../../kafka/create-topic.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

const never = new AbortController().signal;
const roomy = { bytesMax: 1 << 20, recordsMax: 10_000 };
const texts = (count: number, prefix = "r"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

let place: KafkaPlace;
beforeAll(async () => {
  place = new KafkaPlace((await sharedBroker()).bootstrap);
});
afterAll(() => place[Symbol.asyncDispose]());

async function recreate(topic: string, partitions = 1): Promise<void> {
  await place.admin.deleteTopics({ topics: [topic] });
  // It goes some time after that was said.
  await expect.poll(() => createTopic(place.admin, { topic, numPartitions: partitions }), { timeout: 20_000 }).toBe(true);
}

describe("the Kafka source and its topics:", () => {
  test("a topic that does not exist is waited for, and named", async () => {
    const topic = uniqueName("missing");
    const source = await place.source({ topics: [topic] });
    const failure = await source.splits(never).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotConnected);
    expect(String(failure)).toContain(`"${topic}"`);
    await place.topic(1, topic);
    await expect.poll(() => source.splits(never)).toEqual([{ id: `${topic}/0`, topic, partition: 0 }]);
  });

  test("several topics are read side by side", async () => {
    const topics = [await place.topic(2), await place.topic()];
    await place.produce(topics[0]!, 1, texts(3, "a"));
    await place.produce(topics[1]!, 0, texts(3, "b"));
    const { texts: found } = await readAll(await opened(await place.source({ topics })), 6);
    expect(found.get(`${topics[0]}/1`)).toEqual(texts(3, "a"));
    expect(found.get(`${topics[1]}/0`)).toEqual(texts(3, "b"));
  });

  test("a pattern takes whole names, and topics that come later", async () => {
    const prefix = uniqueName("pattern");
    const source = await place.source({ topicPattern: `${prefix}\\.(eu|us)` });
    expect(await source.splits(never)).toEqual([]);
    await place.topic(1, `${prefix}.eu`);
    await place.topic(1, `${prefix}.europe`);
    await place.produce(`${prefix}.eu`, 0, ["eu"]);
    expect((await readAll(source, 1)).texts).toEqual(new Map([[`${prefix}.eu/0`, ["eu"]]]));
    await place.topic(1, `${prefix}.us`);
    await place.produce(`${prefix}.us`, 0, ["us"]);
    expect((await readAll(source, 1)).texts).toEqual(new Map([[`${prefix}.us/0`, ["us"]]]));
    expect(
      source
        .progress()
        .map(({ split }) => split)
        .toSorted(),
    ).toEqual([`${prefix}.eu/0`, `${prefix}.us/0`]);
  });

  test("a pattern that is none stops the pipeline", async () => {
    await expect(place.source({ topicPattern: "(" })).rejects.toThrow(Terminal);
  });

  test("partitions that are added are read", async () => {
    const topic = await place.topic(1);
    const source = await opened(await place.source({ topics: [topic] }));
    await place.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    const fresh = new KafkaPlace((await sharedBroker()).bootstrap);
    await fresh.produce(topic, 2, ["third"]);
    await fresh[Symbol.asyncDispose]();
    expect((await readAll(source, 1)).texts).toEqual(new Map([[`${topic}/2`, ["third"]]]));
    expect(source.progress()).toHaveLength(3);
  });

  test("of partitions and topics that come later nothing is passed over with latest, and they count", async () => {
    const prefix = uniqueName("late");
    const first = await place.topic(1, `${prefix}.a`);
    const source = await opened(await place.source({ topicPattern: `${prefix}.*`, startFrom: "latest" }));
    expect(source.splitsTotal?.()).toBe(1);
    expect(await source.read(new Batch([], roomy), never)).toEqual({ kind: "positioned" });
    await place.topic(1, `${prefix}.b`);
    await place.admin.createPartitions({ topicPartitions: [{ topic: first, count: 2 }] });
    const fresh = new KafkaPlace((await sharedBroker()).bootstrap);
    await fresh.produce(first, 1, ["partition"]);
    await fresh.produce(`${prefix}.b`, 0, ["topic"]);
    await fresh[Symbol.asyncDispose]();
    const { texts: found } = await readAll(source, 2);
    expect([...found.values()].flat().toSorted()).toEqual(["partition", "topic"]);
    expect(source.splitsTotal?.()).toBe(3);
  });

  test("how many partitions there are is unknown before the first look", async () => {
    const source = await place.source({ topics: [await place.topic(3)] });
    expect(source.splitsTotal?.()).toBeNull();
    await source.splits(never);
    expect(source.splitsTotal?.()).toBe(3);
  });

  test("a topic that was made again while nobody read is read from its beginning", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(10, "old"));
    const head = new Batch([], roomy);
    const first = await opened(await place.source({ topics: [topic] }));
    while (head.count < 10) await readSome(first, head);
    await first[Symbol.asyncDispose]();
    await recreate(topic);
    await place.produce(topic, 0, texts(20, "new"));
    const second = await opened(await place.source({ topics: [topic] }), new Map([[`${topic}/0`, head.moves[0]!.to]]));
    const { texts: found, moves } = await readAll(second, 20);
    expect(found.get(`${topic}/0`)).toEqual(texts(20, "new"));
    expect(moves.flat()[0]!.from).toEqual(head.moves[0]!.to);
    expect(moves.flat().at(-1)!.to["topicId"]).not.toBe(head.moves[0]!.to["topicId"]);
    expect(place.logged.some((line) => line.includes("made again") && line.includes(topic))).toBe(true);
  });

  test("a topic that is made again while it is read is read from its beginning", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(10, "old"));
    const source = await opened(await place.source({ topics: [topic] }));
    const head = new Batch([], roomy);
    while (head.count < 10) await readSome(source, head);
    await recreate(topic);
    await place.produce(topic, 0, texts(5, "new"));
    // As the engine does: what is open stays open, what comes anew is opened where the warehouse stands.
    const batch = new Batch([], roomy);
    while (batch.count < 5) {
      const { kind } = await source.read(batch, never);
      const open = new Set(source.progress().map(({ split }) => split));
      if (kind !== "assignment") continue;
      for (const split of await source.splits(never)) if (!open.has(split.id)) await source.open(split, head.moves[0]!.to);
      source.handOver?.();
    }
    expect(textsOf(batch)).toEqual(texts(5, "new"));
    expect(batch.moves[0]!.from).toEqual(head.moves[0]!.to);
  });

  test("records that retention took before they were read are told as missing, and reading goes on", async () => {
    const topic = await place.topic();
    await place.produce(topic, 0, texts(10));
    const first = await opened(await place.source({ topics: [topic] }));
    const head = new Batch([], { ...roomy, recordsMax: 2 });
    await readSome(first, head);
    await first[Symbol.asyncDispose]();
    await place.deleteRecordsBefore(topic, 7);
    const second = await opened(await place.source({ topics: [topic] }), new Map([[`${topic}/0`, head.moves[0]!.to]]));
    const rest = new Batch([], roomy);
    while (rest.count < 3) await readSome(second, rest);
    expect(textsOf(rest)).toEqual(texts(10).slice(7));
    const told = place.logged
      .map((line) => JSON.parse(line) as { level: number; topic?: string; missing?: number })
      .find((line) => line.topic === topic && line.missing !== undefined);
    expect(told).toMatchObject({ level: 50, from: 2, to: 7, missing: 5 });
  });
});
