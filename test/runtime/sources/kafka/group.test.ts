import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import { Cluster } from "../../../../runtime/kafka/cluster.ts";
import { type Broker, startBroker } from "../../../kafka/broker.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

const roomy = { bytesMax: 1 << 20, recordsMax: 50 };
const texts = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** A warehouse in memory: positions, and the rows that were written with them. */
class Warehouse {
  readonly positions = new Map<string, Position>();
  readonly rows: string[] = [];
}

/** An engine in small: reads, writes where the stored position is still the move's `from`, and reads again where it is not. */
async function run(source: Source, warehouse: Warehouse, signal: AbortSignal): Promise<void> {
  const open = new Set<string>();
  const reopen = async () => {
    const splits = await source.splits(signal);
    for (const id of open) if (!splits.some((split) => split.id === id)) open.delete(id);
    source.handOver?.();
    for (const split of splits) {
      if (open.has(split.id)) continue;
      await source.open(split, warehouse.positions.get(split.id) ?? null);
      open.add(split.id);
    }
  };
  await reopen();
  const batch = new Batch([], roomy);
  while (!signal.aborted) {
    const { kind } = await source.read(batch, signal);
    const lost = batch.moves.filter(
      ({ split, from }) => JSON.stringify(warehouse.positions.get(split) ?? null) !== JSON.stringify(from),
    );
    if (lost.length === 0) {
      for (const { split, to } of batch.moves) warehouse.positions.set(split, to);
      for (let ordinal = 0; ordinal < batch.count; ordinal++) warehouse.rows.push(batch.original(ordinal).value!.toString());
      source.loaded(batch.moves);
    } else {
      for (const id of open) source.release(id);
      open.clear();
    }
    batch.clear();
    if (kind === "assignment" || lost.length > 0) await reopen();
  }
}

const partitions = 4;
const perPartition = 200;

/** Two readers of one group, the second joins in the middle, the first leaves: everything is there once. */
async function rebalances(place: KafkaPlace): Promise<void> {
  const topic = await place.topic(partitions);
  const pipeline = { namespace: "shop", name: uniqueName("pair") };
  const warehouse = new Warehouse();
  const half = async (from: string) => {
    for (let partition = 0; partition < partitions; partition++)
      await place.produce(topic, partition, texts(perPartition, `${from}-${partition}-`));
  };
  const [first, second] = await Promise.all(
    [0, 1].map(() => place.source({ topics: [topic] }, { context: place.context(pipeline) })),
  );
  const stop = [new AbortController(), new AbortController()] as const;
  await half("a");
  const one = run(first!, warehouse, stop[0].signal).catch(() => {});
  await expect.poll(() => warehouse.rows.length, { timeout: 20_000 }).toBe(partitions * perPartition);
  const two = run(second!, warehouse, stop[1].signal).catch(() => {});
  await expect.poll(() => [first!.progress().length, second!.progress().length], { timeout: 20_000 }).toEqual([2, 2]);
  await half("b");
  await expect.poll(() => warehouse.rows.length, { timeout: 20_000 }).toBe(2 * partitions * perPartition);
  stop[0].abort();
  await one;
  await first![Symbol.asyncDispose]();
  await half("c");
  await expect.poll(() => warehouse.rows.length, { timeout: 20_000 }).toBe(3 * partitions * perPartition);
  expect(second!.progress()).toHaveLength(partitions);
  stop[1].abort();
  await two;
  const expected = ["a", "b", "c"].flatMap((half) =>
    Array.from({ length: partitions }, (_, partition) => texts(perPartition, `${half}-${partition}-`)).flat(),
  );
  expect(warehouse.rows.toSorted()).toEqual(expected.toSorted());
}

describe("two readers of one pipeline share its partitions,", () => {
  let place: KafkaPlace;
  let old: Broker;
  beforeAll(async () => {
    place = new KafkaPlace((await sharedBroker()).bootstrap);
    old = await startBroker({ features: ["group.version=0"] });
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await old.stop();
  });

  test("by the protocol of KIP-848", { timeout: 90_000 }, async () => {
    await rebalances(place);
    expect(place.logged.some((line) => line.includes("classic"))).toBe(false);
  });

  test("by the classic protocol where the broker knows only that", { timeout: 90_000 }, async () => {
    await using classic = new KafkaPlace(old.bootstrap);
    await rebalances(classic);
  });

  test("and the mirror shows what was loaded, by the group's usual name, and never what another owns", async () => {
    const topic = await place.topic(2);
    for (const partition of [0, 1]) await place.produce(topic, partition, texts(10, "r"));
    const pipeline = { namespace: "shop", name: uniqueName("mirror") };
    const source = await place.source({ topics: [topic] }, { context: place.context(pipeline) });
    const warehouse = new Warehouse();
    const stop = new AbortController();
    const running = run(source, warehouse, stop.signal).catch(() => {});
    const groupId = `snowline.${pipeline.namespace}.${pipeline.name}`;
    const mirrored = async () =>
      (await place.admin.fetchOffsets({ groupId, topics: [topic] }))[0]!.partitions
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ offset }) => offset);
    await expect.poll(mirrored, { timeout: 10_000 }).toEqual(["10", "10"]);
    stop.abort();
    await running;
    source.release(`${topic}/0`);
    const to = { topicId: warehouse.positions.get(`${topic}/0`)!["topicId"] as string, offset: 3 };
    source.loaded([0, 1].map((partition) => ({ split: `${topic}/${partition}`, from: null, to })));
    await expect.poll(mirrored, { timeout: 10_000 }).toEqual(["10", "3"]);
  });

  test("and the mirror is right once a reader has ended, and is put right by the next where one was killed", async () => {
    const topic = await place.topic(2);
    const pipeline = { namespace: "shop", name: uniqueName("mirror") };
    const groupId = `snowline.${pipeline.namespace}.${pipeline.name}`;
    const mirrored = async () =>
      (await place.admin.fetchOffsets({ groupId, topics: [topic] }))[0]!.partitions
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ offset }) => offset);
    for (const partition of [0, 1]) await place.produce(topic, partition, texts(10, "r"));
    const source = await place.source({ topics: [topic] }, { context: place.context(pipeline) });
    const splits = await source.splits(new AbortController().signal);
    for (const split of splits) await source.open(split, null);
    const topicId = await idOf(topic);
    const at = (offset: number) => splits.map(({ id }) => ({ split: id, from: null, to: { topicId, offset } }));
    source.loaded(at(4));
    await source[Symbol.asyncDispose]();
    expect(await mirrored()).toEqual(["4", "4"]);
    const heir = await place.source({ topics: [topic] }, { context: place.context(pipeline) });
    for (const split of await heir.splits(new AbortController().signal)) await heir.open(split, { topicId, offset: 10 });
    await expect.poll(mirrored, { timeout: 10_000 }).toEqual(["10", "10"]);
  });

  async function idOf(topic: string): Promise<string> {
    await using cluster = new Cluster("events", place.context());
    return (await cluster.topics([topic])).get(topic)!.id;
  }
});
