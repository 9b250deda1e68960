import { expect, test } from "vitest";
import type { KafkaSource } from "../../../crds/connectors/kafka.ts";
import type { Cluster } from "../../../runtime/kafka/cluster.ts";
import { ClusterCache, clustersMax, idleMs } from "../../../runtime/probe/cluster-cache.ts";
import type { ProbeQuestion } from "../../../runtime/probe/probe-message.ts";

const source = { connection: "events" } as KafkaSource;

/** A question to brokers of that name. Nothing connects: a cluster does so when it is asked something. */
const questionTo = (broker: string, password = "s3cret"): ProbeQuestion => ({
  id: "1",
  pipeline: { namespace: "shop", name: "orders" },
  source: { kafka: source },
  connection: { kafka: { brokers: [`${broker}:9092`] } },
  files: { "secret/user/password": Buffer.from(password).toString("base64") },
});

test("a connection's contents share a cluster, and other secrets have another", async () => {
  await using cache = new ClusterCache(() => 0);
  const clusterOf = (question: ProbeQuestion): Promise<Cluster> => cache.use(question, source, async (cluster) => cluster);
  const first = await clusterOf(questionTo("a"));
  expect(await clusterOf(questionTo("a"))).toBe(first);
  expect(await clusterOf(questionTo("a", "rotated"))).not.toBe(first);
  expect(cache.size).toBe(2);
});

test("a cluster that nobody asks is closed after a while, one in use is not", async () => {
  let nowMs = 0;
  await using cache = new ClusterCache(() => nowMs);
  await cache.use(questionTo("idle"), source, async () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  const using = cache.use(questionTo("used"), source, () => promise);
  nowMs = idleMs - 1;
  await cache.use(questionTo("other"), source, async () => {});
  expect(cache.size).toBe(3);
  nowMs = idleMs;
  await cache.use(questionTo("other"), source, async () => {});
  expect(cache.size).toBe(2);
  resolve();
  await using;
});

test("no more clusters are kept than the bound", async () => {
  await using cache = new ClusterCache(() => 0);
  for (let broker = 0; broker < 2 * clustersMax; broker++) await cache.use(questionTo(`b${broker}`), source, async () => {});
  expect(cache.size).toBeLessThanOrEqual(clustersMax);
});
