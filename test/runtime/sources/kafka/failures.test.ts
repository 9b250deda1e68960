import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import { NotConnected } from "../../../../runtime/component/errors.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import { opened, readAll, readSome } from "../../../contract/source.ts";
import { type Broker, startBroker } from "../../../kafka/broker.ts";
import { freePorts } from "../../../kafka/free-port.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

const never = new AbortController().signal;
const roomy = { bytesMax: 1 << 20, recordsMax: 10_000 };
const texts = (count: number, prefix = "r"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Reads until `count` records came; brokers that are away are waited for. */
async function readThrough(source: Source, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const batch = new Batch([], roomy);
    await readSome(source, batch).catch(async (error: unknown) => {
      if (!(error instanceof NotConnected)) throw error;
      await sleep(100);
    });
    for (let ordinal = 0; ordinal < batch.count; ordinal++) found.push(batch.original(ordinal).value!.toString());
  }
  return found;
}

test("brokers that cannot be reached are named", async () => {
  const [port] = await freePorts(1);
  await using place = new KafkaPlace(`127.0.0.1:${port}`);
  const failure = await (await place.source({ topics: ["orders"] })).splits(never).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotConnected);
  expect(String(failure)).toContain(`127.0.0.1:${port}`);
  expect(String(failure)).toContain("ECONNREFUSED");
});

describe("the Kafka source goes on", { timeout: 120_000 }, () => {
  let cluster: Broker;
  beforeAll(async () => {
    cluster = await startBroker({ clusterSize: 2, properties: { "quota.window.num": 2 } });
  });
  afterAll(() => cluster.stop());

  test("when a partition's leader is stopped, killed and comes back", async () => {
    await using place = new KafkaPlace(cluster.bootstrap);
    const topic = await place.topic(4, undefined, { "min.insync.replicas": "1" }, 2);
    const source = await opened(await place.source({ topics: [topic] }));
    const all: string[] = [];
    const round = async (name: string) => {
      for (let partition = 0; partition < 4; partition++)
        await place.produce(topic, partition, texts(50, `${name}-${partition}-`));
      all.push(...(await readThrough(source, 200)));
    };
    await round("both");
    await cluster.nodes[1]!.stop();
    await round("one");
    await cluster.nodes[1]!.start();
    await round("back");
    await cluster.nodes[1]!.kill();
    await round("killed");
    await cluster.nodes[1]!.start();
    const expected = ["both", "one", "back", "killed"].flatMap((name) =>
      [0, 1, 2, 3].flatMap((partition) => texts(50, `${name}-${partition}-`)),
    );
    expect(all.toSorted()).toEqual(expected.toSorted());
  });

  test("when all brokers are killed and come back, and says meanwhile that they are away", async () => {
    await using place = new KafkaPlace(cluster.bootstrap);
    const topic = await place.topic(2, undefined, {}, 2);
    await place.produce(topic, 0, texts(100, "before"));
    const source = await opened(await place.source({ topics: [topic] }, { limits: { troubleGraceMs: 500 } }));
    expect(await readThrough(source, 100)).toEqual(texts(100, "before"));
    await cluster.kill();
    await expect(readAll(source, 1)).rejects.toThrow(NotConnected);
    await cluster.restart();
    const again = new KafkaPlace(cluster.bootstrap);
    await again.produce(topic, 0, texts(100, "after"));
    await again[Symbol.asyncDispose]();
    expect(await readThrough(source, 100)).toEqual(texts(100, "after"));
  });

  test("when the broker throttles it, more slowly", async () => {
    await using place = new KafkaPlace(cluster.bootstrap);
    const topic = await place.topic(1, uniqueName("throttled"), {}, 2);
    // A record batch has to fit into the quota's window: the broker would never send a larger one.
    const sent = texts(10).map((text) => texts(30, `${text}-${"x".repeat(1000)}`));
    for (const batch of sent) await place.produce(topic, 0, batch);
    const quota = async (bytes: number | null) => place.consumerQuota(bytes);
    await quota(100_000);
    const source = await opened(
      await place.source({ topics: [topic] }, { limits: { partitionBytesMax: 50_000, fetchBytesMax: 50_000 } }),
    );
    expect(await readThrough(source, 300)).toEqual(sent.flat());
    await quota(null);
    expect(place.logged.some((line) => line.includes("throttles"))).toBe(true);
  });
});
