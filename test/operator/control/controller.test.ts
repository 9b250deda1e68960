import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import { type ControllerOptions, runController } from "../../../operator/control/controller.ts";
import { type Reconcile, type ReconcileResult, TerminalError } from "../../../operator/control/reconcile.ts";
import { createWorkQueue } from "../../../operator/control/work-queue.ts";
import type { ObjectKey } from "../../../operator/kube/object-key.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { metricValue } from "./metric-value.ts";

const done: ReconcileResult = { requeueAfterMs: null };
const key = (name: string): ObjectKey => ({ namespace: "a", name });

function start(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new FakeClock();
  const registry = new Registry();
  const metrics = registerControlMetrics(registry, clock);
  const queue = createWorkQueue({ name: "test", clock, metrics });
  const stop = new AbortController();
  const leading = new AbortController();
  const calls: string[] = [];
  const lines: { readonly msg: string; readonly level: number; readonly key?: string }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const ended = runController({
    name: "test",
    queue,
    workers: 2,
    deadlineMs: 1000,
    finishMsMax: 5000,
    ready: Promise.resolve(),
    metrics,
    log,
    clock,
    signal: stop.signal,
    leading: leading.signal,
    ...options,
    reconcile: (one, signal) => {
      calls.push(one.name);
      return reconcile(one, signal);
    },
  });
  const count = (name: string, labels?: Record<string, string>) => metricValue(registry, `controller_runtime_${name}`, labels);
  return { clock, registry, queue, stop, leading, calls, lines, ended, count };
}

test("it reconciles what is added, and looks again when the reconcile asks for it", async () => {
  const run = start(() => Promise.resolve({ requeueAfterMs: run.calls.length < 3 ? 500 : null }));
  run.queue.add(key("one"));
  await run.clock.advance(499);
  expect(run.calls).toEqual(["one"]);
  await run.clock.advance(5000);
  expect(run.calls).toEqual(["one", "one", "one"]);
  expect(await run.count("reconcile_total", { result: "requeue_after" })).toBe(2);
  expect(await run.count("reconcile_total", { result: "success" })).toBe(1);
  run.stop.abort();
  await run.ended;
});

test("it begins when the caches are ready", async () => {
  const ready = Promise.withResolvers<void>();
  const run = start(() => Promise.resolve(done), { ready: ready.promise });
  run.queue.add(key("one"));
  await run.clock.advance(10_000);
  expect(run.calls).toEqual([]);
  ready.resolve();
  await settle();
  expect(run.calls).toEqual(["one"]);
  run.stop.abort();
  await run.ended;
});

test("at the beginning of a term every key is looked at, after those that have changed", async () => {
  const ready = Promise.withResolvers<void>();
  const all = () => ["one", "two", "three"].map(key);
  const run = start(() => Promise.resolve(done), { ready: ready.promise, all, workers: 1 });
  run.queue.add(key("three"));
  await settle();
  ready.resolve();
  await settle();
  expect(run.calls).toEqual(["three", "one", "two"]);
  run.stop.abort();
  await run.ended;
});

test("it ends when it is told to before the caches are ready", async () => {
  const run = start(() => Promise.resolve(done), { ready: new Promise(() => {}) });
  run.stop.abort();
  await run.ended;
  expect(run.calls).toEqual([]);
});

test("it works on as many keys as it has workers, and never twice on one", async () => {
  const gates = new Map<string, () => void>();
  const run = start(({ name }) => new Promise((resolve) => gates.set(name, () => resolve(done))));
  for (const name of ["one", "two", "three"]) run.queue.add(key(name));
  await settle();
  run.queue.add(key("one"));
  await settle();
  expect(run.calls).toEqual(["one", "two"]);
  expect(await run.count("active_workers")).toBe(2);
  expect(await run.count("max_concurrent_reconciles")).toBe(2);
  gates.get("two")?.();
  await settle();
  expect(run.calls).toEqual(["one", "two", "three"]);
  gates.get("one")?.();
  await settle();
  expect(run.calls).toEqual(["one", "two", "three", "one"]);
  for (const gate of gates.values()) gate();
  run.stop.abort();
  await run.ended;
  expect(await run.count("active_workers")).toBe(0);
});

test("a failure is tried again with growing pauses, until it works", async () => {
  const run = start(() => (run.calls.length < 4 ? Promise.reject(new Error("no")) : Promise.resolve(done)));
  run.queue.add(key("one"));
  await run.clock.advance(4);
  expect(run.calls).toHaveLength(1);
  await run.clock.advance(1 + 10);
  expect(run.calls).toHaveLength(3);
  await run.clock.advance(60_000);
  expect(run.calls).toHaveLength(4);
  expect(await run.count("reconcile_errors_total")).toBe(3);
  expect(await run.count("reconcile_panics_total")).toBe(0);
  run.stop.abort();
  await run.ended;
});

test("a key that was well again fails as if for the first time", async () => {
  const run = start(() => (run.calls.length === 5 ? Promise.resolve(done) : Promise.reject(new Error("no"))));
  run.queue.add(key("one"));
  await run.clock.advance(5 + 10 + 20 + 40);
  expect(run.calls).toHaveLength(5);
  run.queue.add(key("one"));
  await run.clock.advance(5);
  expect(run.calls).toHaveLength(7);
  run.stop.abort();
  await run.ended;
});

test("a terminal error is not tried again before the object changes", async () => {
  const run = start(() => Promise.reject(new TerminalError("the spec says nonsense")));
  run.queue.add(key("one"));
  await run.clock.advance(3_600_000);
  expect(run.calls).toEqual(["one"]);
  expect(await run.count("terminal_reconcile_errors_total")).toBe(1);
  run.queue.add(key("one"));
  await settle();
  expect(run.calls).toEqual(["one", "one"]);
  run.stop.abort();
  await run.ended;
});

test.for([
  [
    "a TypeError",
    (): never => {
      throw new TypeError("undefined has no name");
    },
  ],
  [
    "something that is no Error",
    (): Promise<never> => {
      return Promise.reject("a string");
    },
  ],
] as const)("%s, thrown at once or later, ends neither the worker nor the process", async ([, fault]) => {
  const run = start(() => (run.calls.length === 1 ? fault() : Promise.resolve(done)), { workers: 1 });
  run.queue.add(key("one"));
  await run.clock.advance(100);
  expect(run.calls).toEqual(["one", "one"]);
  expect(await run.count("reconcile_panics_total")).toBe(1);
  run.stop.abort();
  await run.ended;
});

test("a reconcile past its deadline is aborted and tried again", async () => {
  const run = start((_, signal) => (run.calls.length > 1 ? Promise.resolve(done) : untilAborted(signal)));
  run.queue.add(key("one"));
  await run.clock.advance(999);
  expect(await run.count("reconcile_timeouts_total")).toBe(0);
  await run.clock.advance(100);
  expect(await run.count("reconcile_timeouts_total")).toBe(1);
  expect(run.calls).toEqual(["one", "one"]);
  run.stop.abort();
  await run.ended;
});

test("a reconcile that ignores its deadline keeps its key; the others go on", async () => {
  const run = start(({ name }) => (name === "deaf" ? new Promise(() => {}) : Promise.resolve(done)));
  run.queue.add(key("deaf"));
  await run.clock.advance(60_000);
  run.queue.add(key("deaf"));
  run.queue.add(key("one"));
  await run.clock.advance(60_000);
  expect(run.calls).toEqual(["deaf", "one"]);
  expect(run.queue.snapshot().runningSeconds).toEqual([120]);
  expect(run.lines).toContainEqual(expect.objectContaining({ key: "a/deaf", msg: "reconcile is past its deadline; aborted" }));
  run.stop.abort();
  await run.clock.advance(10_000);
  await run.ended;
  expect(run.lines.at(-1)?.msg).toBe("reconciles ignore that they were aborted: left behind");
});

test("a key whose cache is behind our own write waits a moment", async () => {
  let isCurrent = false;
  const run = start(() => Promise.resolve(done), { isCurrent: () => isCurrent });
  run.queue.add(key("one"));
  await run.clock.advance(200);
  expect(run.calls).toEqual([]);
  isCurrent = true;
  await run.clock.advance(50);
  expect(run.calls).toEqual(["one"]);
  run.stop.abort();
  await run.ended;
});

test("at the end what is in flight finishes and nothing new begins", async () => {
  const gate = Promise.withResolvers<ReconcileResult>();
  const run = start(() => gate.promise, { workers: 1 });
  run.queue.add(key("one"));
  run.queue.add(key("two"));
  await settle();
  run.stop.abort();
  await run.clock.advance(500);
  gate.resolve(done);
  await run.ended;
  expect(run.calls).toEqual(["one"]);
  expect(await run.count("reconcile_total", { result: "success" })).toBe(1);
  expect(run.clock.waiting).toBe(0);
});

test("at the end what does not finish in time is aborted, and is no error", async () => {
  const run = start((_, signal) => untilAborted(signal), { deadlineMs: 60_000 });
  run.queue.add(key("one"));
  await settle();
  run.stop.abort();
  let ended = false;
  void run.ended.then(() => (ended = true));
  await run.clock.advance(4999);
  expect(ended).toBe(false);
  await run.clock.advance(1);
  expect(ended).toBe(true);
  expect(await run.count("reconcile_errors_total")).toBe(0);
});

test("when it leads no longer, what is in flight is aborted at once and comes again for the next term", async () => {
  const reasons: unknown[] = [];
  const run = start((_, signal) => untilAborted(signal).finally(() => reasons.push(signal.reason)));
  run.queue.add(key("one"));
  await settle();
  const lost = new Error("lease lost");
  run.leading.abort(lost);
  await run.ended;
  expect(reasons).toEqual([lost]);
  expect(await run.count("reconcile_errors_total")).toBe(0);
  expect(run.queue.snapshot().depth.change).toBe(1);
});

test("what had nothing to do is counted apart", async () => {
  const results: ReconcileResult[] = [
    done,
    { requeueAfterMs: 10, settled: true },
    { requeueAfterMs: 10 },
    { ...done, settled: false },
  ];
  const run = start(() => Promise.resolve(results[run.calls.length - 1] ?? { ...done, settled: false }));
  run.queue.add(key("one"));
  await settle();
  expect(await metricValue(run.registry, "operator_controller_reconcile_steady_state_total")).toBe(1);
  run.queue.add(key("one"));
  await run.clock.advance(10_000);
  expect(run.calls).toHaveLength(4);
  expect(await metricValue(run.registry, "operator_controller_reconcile_steady_state_total")).toBe(2);
  const seconds = await metricValue(run.registry, "operator_controller_reconcile_last_success_timestamp_seconds");
  expect(seconds).toBe(Date.parse("2026-01-01T00:00:00Z") / 1000);
  run.stop.abort();
  await run.ended;
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
}
