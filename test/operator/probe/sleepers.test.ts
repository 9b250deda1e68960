import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { ObjectKey } from "../../../operator/kube/object-key.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import type { ProbedSource } from "../../../operator/probe/probe-answer.ts";
import type { ProbeQuestion } from "../../../operator/probe/prober.ts";
import { createSleepers, type Sleeper } from "../../../operator/probe/sleepers.ts";
import { FakeClock } from "../control/fake-clock.ts";
import { orders } from "../pipeline/orders.ts";

const { pipeline, connections } = orders({
  events: {
    "spec.kafka.tls": undefined,
    "spec.kafka.sasl": { plain: { username: "me", passwordFrom: { secret: "p", key: "k" } } },
  },
});
const spec = connections.get("events")!.spec;
const key = (name: string): ObjectKey => ({ namespace: "shop", name });
const sleeper = (name: string, more: Partial<Sleeper> = {}): Sleeper => ({
  pipeline: key(name),
  uid: "uid",
  source: pipeline.spec.source,
  connection: { name: "events", spec },
  ...more,
});

/** Sleepers on a clock that stands still, with what was read, asked and told. */
function sleeping(answer: (question: ProbeQuestion) => Promise<ProbedSource>) {
  const clock = new FakeClock();
  const [reads, asked, news, failures]: [string[], ProbeQuestion[], string[], string[]] = [[], [], [], []];
  let open = 0;
  let openMax = 0;
  const sleepers = createSleepers({
    clock,
    random: () => 0.5,
    api: {
      get: async <T extends KubeObject>(_type: ResourceType, { name }: ObjectKey): Promise<T | null> => {
        reads.push(name);
        return { metadata: { name }, data: { k: "c2VjcmV0" } } as unknown as T;
      },
    },
    prober: {
      ask: async (question) => {
        asked.push(question);
        openMax = Math.max(openMax, ++open);
        return answer(question).finally(() => open--);
      },
    },
    onNews: ({ name }) => news.push(name),
    onFailure: ({ name }) => failures.push(name),
  });
  const stop = new AbortController();
  sleepers.run(stop.signal);
  return { clock, sleepers, stop, reads, asked, news, failures, openMax: () => openMax };
}

const nothing: ProbedSource = { lagRecords: 0, partitions: 3, ends: 100 };

test("a source is asked every thirty seconds, and only what a decision may follow from is told", async () => {
  let now = nothing;
  const { clock, sleepers, asked, news } = sleeping(async () => now);
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  expect(sleepers.of(key("a"))).toMatchObject({ probe: { lagRecords: 0, partitions: 3, arrivalsPerSecond: null } });
  expect(news).toEqual(["a"]);
  await clock.advance(300_000);
  expect(asked.length).toBe(11);
  // The second answer is the first to tell what arrives, which is nothing.
  expect(news).toEqual(["a"]);
  now = { lagRecords: 60, partitions: 3, ends: 160 };
  await clock.advance(30_000);
  expect(news).toEqual(["a", "a"]);
  expect(sleepers.of(key("a")).probe).toMatchObject({ lagRecords: 60, arrivalsPerSecond: 2 });
});

test("what a Connection refers to is read once for all who sleep behind it, goes with each question, and is kept nowhere", async () => {
  const { clock, sleepers, reads, asked, openMax } = sleeping(async () => nothing);
  for (let at = 0; at < 50; at++) sleepers.keep(sleeper(`a${at}`));
  await clock.advance(15_000);
  expect(asked.length).toBe(50);
  expect(reads).toEqual(["p"]);
  expect(asked.every(({ files }) => files["secret/p/k"] === "c2VjcmV0")).toBe(true);
  expect(openMax()).toBeLessThanOrEqual(4);
  await clock.advance(30_000);
  expect(reads).toEqual(["p", "p"]);
  expect(JSON.stringify(sleepers.of(key("a0")))).not.toContain("c2VjcmV0");
});

test("a source that cannot be looked at is told once, counted each time, asked less often, and what was known stays", async () => {
  let works = true;
  const { clock, sleepers, asked, news, failures } = sleeping(async () => {
    if (works) return nothing;
    throw new Error("broker 127.0.0.1:1 does not answer");
  });
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  works = false;
  await clock.advance(30_000);
  const since = clock.now();
  expect(sleepers.of(key("a"))).toMatchObject({
    probe: { lagRecords: 0 },
    failure: { message: "broker 127.0.0.1:1 does not answer", sinceMs: since },
  });
  await clock.advance(390_000);
  // After 30, 60, 120 and again 120 seconds.
  expect(asked.length).toBe(2 + 4);
  expect(failures.length).toBe(5);
  expect(news).toEqual(["a", "a"]);
  expect(sleepers.of(key("a")).failure?.sinceMs).toBe(since);
  works = true;
  await clock.advance(120_000);
  expect(sleepers.of(key("a")).failure).toBe(null);
});

test("a source that is made again has no arrivals that are negative", async () => {
  let ends = 100;
  const { clock, sleepers } = sleeping(async () => ({ ...nothing, ends }));
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  ends = 3;
  await clock.advance(30_000);
  expect(sleepers.of(key("a")).probe?.arrivalsPerSecond).toBe(null);
});

test("one that wakes is asked no more, and what was known of it is forgotten", async () => {
  const { clock, sleepers, asked } = sleeping(async () => nothing);
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  sleepers.keep(sleeper("a"));
  expect(sleepers.of(key("a")).probe).not.toBe(null);
  sleepers.forget(key("a"));
  expect(sleepers.of(key("a"))).toEqual({ probe: null, failure: null });
  await clock.advance(300_000);
  expect(asked.length).toBe(1);
  expect(clock.waiting).toBe(0);
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  expect(asked.length).toBe(2);
});

test("another of the same name, or one that reads by another Connection now, begins anew", async () => {
  const { clock, sleepers, asked } = sleeping(async () => nothing);
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  sleepers.keep(sleeper("a", { uid: "other" }));
  expect(sleepers.of(key("a")).probe).toBe(null);
  sleepers.keep(sleeper("a", { uid: "other", connection: { name: "others", spec } }));
  await clock.advance(15_000);
  expect(asked.length).toBe(2);
  expect(sleepers.of(key("a")).probe).not.toBe(null);
});

test("who does not lead asks nobody, and goes on from what it knew when it leads again", async () => {
  const { clock, sleepers, stop, asked } = sleeping(async () => nothing);
  sleepers.keep(sleeper("a"));
  await clock.advance(15_000);
  stop.abort();
  await clock.advance(600_000);
  expect(asked.length).toBe(1);
  sleepers.run(new AbortController().signal);
  expect(sleepers.of(key("a")).probe).not.toBe(null);
  await clock.advance(15_000);
  expect(asked.length).toBe(2);
});

test("Connections whose brokers are down do not hold up the others", async () => {
  const late = Promise.withResolvers<ProbedSource>();
  const { clock, sleepers, asked, openMax } = sleeping(async ({ pipeline: { name } }) =>
    name === "well" ? nothing : late.promise,
  );
  for (let at = 0; at < 15; at++) sleepers.keep(sleeper(`down${at}`, { connection: { name: `down${at}`, spec } }));
  sleepers.keep(sleeper("well", { connection: { name: "well", spec } }));
  await clock.advance(15_000);
  expect(asked.length).toBe(16);
  await clock.advance(60_000);
  expect(asked.length).toBe(18);
  expect(openMax()).toBe(16);
  late.resolve(nothing);
});
