import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import { createWorkQueue } from "../../../operator/control/work-queue.ts";
import type { ObjectKey } from "../../../operator/kube/object-key.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { metricValue } from "./metric-value.ts";

const key = (text: string): ObjectKey => {
  const [namespace = "", name = ""] = text.split("/");
  return { namespace, name };
};
const text = (taken: ObjectKey | null): string | null => (taken === null ? null : `${taken.namespace}/${taken.name}`);

function start() {
  const clock = new FakeClock();
  const registry = new Registry();
  const queue = createWorkQueue({ name: "test", clock, metrics: registerControlMetrics(registry, clock) });
  const aborted = AbortSignal.abort();
  /** What can be taken now, in order; each stays taken. */
  const takeAll = async (): Promise<string[]> => {
    const taken: string[] = [];
    while (queue.snapshot().depth.change + queue.snapshot().depth.background > 0) taken.push(text(await queue.take()) ?? "null");
    return taken;
  };
  const metric = (name: string, labels?: Record<string, string>): Promise<number | undefined> =>
    metricValue(registry, name, labels);
  return { clock, queue, aborted, takeAll, metric };
}

test("a key that is added often comes once", async () => {
  const { queue, takeAll, metric } = start();
  for (let times = 0; times < 3; times++) queue.add(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
  expect(await metric("workqueue_adds_total")).toBe(1);
});

test("a key that is added while it is worked on comes again, and only after that", async () => {
  const { queue, takeAll } = start();
  queue.add(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
  queue.add(key("a/1"));
  queue.add(key("a/1"));
  expect(await takeAll()).toEqual([]);
  queue.done(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
  queue.done(key("a/1"));
  expect(await takeAll()).toEqual([]);
});

test("namespaces take turns, within one the first comes first", async () => {
  const { queue, takeAll } = start();
  for (const name of ["a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "c/1"]) queue.add(key(name));
  expect(await takeAll()).toEqual(["a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4"]);
});

test("changes come before what is of low priority, and lift a key that waits there", async () => {
  const { queue, takeAll } = start();
  for (const name of ["a/1", "a/2", "a/3"]) queue.add(key(name), "background");
  queue.add(key("a/9"));
  queue.add(key("a/3"));
  queue.add(key("a/9"), "background");
  expect(await takeAll()).toEqual(["a/9", "a/3", "a/1", "a/2"]);
});

test("a delayed key may be of low priority, until a change comes in before it", async () => {
  const { queue, clock, takeAll } = start();
  queue.addAfter(key("a/1"), 1000, "background");
  queue.addAfter(key("a/2"), 1000, "background");
  queue.addAfter(key("a/3"), 900);
  queue.addAfter(key("a/2"), 2000);
  clock.skip(1000);
  expect(await takeAll()).toEqual(["a/3", "a/2", "a/1"]);
});

test("what is of low priority is not passed over for ever", async () => {
  const { queue } = start();
  queue.add(key("a/low"), "background");
  const taken: (string | null)[] = [];
  for (let at = 0; at < 40; at++) {
    queue.add(key(`b/${at}`));
    taken.push(text(await queue.take()));
  }
  expect(taken.indexOf("a/low")).toBe(32);
});

test("a delayed key comes when its time has come, at the earlier of two times", async () => {
  const { queue, clock, takeAll } = start();
  queue.addAfter(key("a/1"), 1000);
  queue.addAfter(key("a/2"), 300);
  queue.addAfter(key("a/1"), 500);
  queue.addAfter(key("a/1"), 700);
  clock.skip(299);
  expect(await takeAll()).toEqual([]);
  clock.skip(1);
  expect(await takeAll()).toEqual(["a/2"]);
  clock.skip(200);
  expect(await takeAll()).toEqual(["a/1"]);
  queue.done(key("a/1"));
  clock.skip(10_000);
  expect(await takeAll()).toEqual([]);
});

test("a change does not wait for the key's delay, which is over then", async () => {
  const { queue, clock, takeAll } = start();
  queue.addAfter(key("a/1"), 1000);
  queue.add(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
  queue.done(key("a/1"));
  clock.skip(2000);
  expect(await takeAll()).toEqual([]);
});

test("a delay that ends while the key is worked on waits for its end", async () => {
  const { queue, clock, takeAll } = start();
  queue.add(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
  queue.addAfter(key("a/1"), 100);
  clock.skip(200);
  expect(await takeAll()).toEqual([]);
  queue.done(key("a/1"));
  expect(await takeAll()).toEqual(["a/1"]);
});

test("failures of a key wait 5 ms, doubling to 1000 s, until it is forgotten", async () => {
  const { queue, clock, metric } = start();
  const waited: number[] = [];
  const failOnce = async (): Promise<number> => {
    queue.retry(key("a/1"));
    const beganMs = clock.monotonic();
    while (queue.snapshot().depth.change === 0) clock.skip(5);
    expect(text(await queue.take())).toBe("a/1");
    queue.done(key("a/1"));
    return clock.monotonic() - beganMs;
  };
  for (let failure = 0; failure < 20; failure++) waited.push(await failOnce());
  expect(waited.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
  expect(waited.slice(-3)).toEqual([655_360, 1_000_000, 1_000_000]);
  queue.forget(key("a/1"));
  expect(await failOnce()).toBe(5);
  expect(await metric("workqueue_retries_total")).toBe(21);
});

test("when many keys fail, ten a second are tried again after the first hundred; changes are not held up", async () => {
  const { queue, clock, takeAll } = start();
  for (let at = 0; at < 150; at++) queue.retry(key(`a/${at}`));
  clock.skip(5);
  expect(await takeAll()).toHaveLength(100);
  clock.skip(1000);
  expect(await takeAll()).toHaveLength(10);
  queue.add(key("b/1"));
  expect(await takeAll()).toEqual(["b/1"]);
  clock.skip(4000);
  expect(await takeAll()).toHaveLength(40);
});

test("whoever waits gets the next key; an abort and a shutdown end the wait", async () => {
  const { queue, clock } = start();
  const abort = new AbortController();
  const taken: (string | null)[] = [];
  const waiting = [queue.take(), queue.take(abort.signal), queue.take()].map((one) => one.then((got) => taken.push(text(got))));
  queue.add(key("a/1"));
  await settle();
  expect(taken).toEqual(["a/1"]);
  abort.abort();
  await settle();
  expect(taken).toEqual(["a/1", null]);
  queue.addAfter(key("a/2"), 100);
  queue.shutDown();
  await Promise.all(waiting);
  expect(taken).toEqual(["a/1", null, null]);
  expect(clock.waiting).toBe(0);
  queue.add(key("a/3"));
  expect(await queue.take()).toBeNull();
});

test("an abort before there is a key takes none", async () => {
  const { queue, aborted, takeAll } = start();
  queue.add(key("a/1"));
  expect(await queue.take(aborted)).toBeNull();
  expect(await takeAll()).toEqual(["a/1"]);
});

test("its metrics are client-go's", async () => {
  const { queue, clock, metric, takeAll } = start();
  queue.add(key("a/1"));
  queue.add(key("a/2"), "background");
  queue.add(key("a/3"), "background");
  expect(await metric("workqueue_depth", { name: "test", controller: "test", priority: "0" })).toBe(1);
  expect(await metric("workqueue_depth", { priority: "-100" })).toBe(2);
  clock.skip(2000);
  await takeAll();
  clock.skip(3000);
  expect(await metric("workqueue_unfinished_work_seconds")).toBe(9);
  expect(await metric("workqueue_longest_running_processor_seconds")).toBe(3);
  queue.done(key("a/1"));
  expect(await metric("workqueue_queue_duration_seconds_bucket", { le: "10" })).toBe(3);
  expect(await metric("workqueue_work_duration_seconds_sum")).toBe(3);
});

test("a key that was not taken is not done", () => {
  const { queue } = start();
  expect(() => queue.done(key("a/1"))).toThrow("queue test: a/1 is done but was not taken");
});
