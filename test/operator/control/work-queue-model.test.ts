import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import { createWorkQueue } from "../../../operator/control/work-queue.ts";
import { keyText, type ObjectKey } from "../../../operator/kube/object-key.ts";
import { FakeClock } from "./fake-clock.ts";
import { seeded } from "./seeded.ts";

/** The queue as one would write it if nothing had to be fast: when each key is to come, at what priority, and which are worked on. */
function createModel() {
  const wanted = new Map<string, { dueMs: number; priority: "change" | "background" }>();
  const running = new Set<string>();
  return {
    wanted,
    running,
    want: (text: string, dueMs: number, priority: "change" | "background") => {
      const before = wanted.get(text);
      wanted.set(text, {
        dueMs: Math.min(dueMs, before?.dueMs ?? dueMs),
        priority: before?.priority === "change" ? "change" : priority,
      });
    },
    takeable: (nowMs: number) => [...wanted].filter(([text, { dueMs }]) => dueMs <= nowMs && !running.has(text)),
  };
}

const keys: readonly ObjectKey[] = Array.from({ length: 12 }, (_, at) => ({ namespace: `n${at % 3}`, name: `${at}` }));

test.for(Array.from({ length: 200 }, (_, at) => Number(process.env["SNOWLINE_SEED"] ?? 4000) + at))(
  "the queue does what its model does, seed %i",
  async (seed) => {
    const random = seeded(seed);
    const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)] as T;
    const clock = new FakeClock();
    const queue = createWorkQueue({ name: "test", clock, metrics: registerControlMetrics(new Registry(), clock) });
    const model = createModel();
    /** Changes taken in a row while something of low priority could have been. */
    let passedOver = 0;

    const take = async (): Promise<void> => {
      const takeable = model.takeable(clock.monotonic());
      const { depth } = queue.snapshot();
      expect(depth.change + depth.background).toBe(takeable.length);
      if (takeable.length === 0) return;
      const key = await queue.take();
      const text = keyText(key as ObjectKey);
      expect(model.running).not.toContain(text);
      expect(takeable.map(([each]) => each)).toContain(text);
      const isPassedOver = new Set(takeable.map(([, { priority }]) => priority)).size === 2;
      const isTurnOfBackground = isPassedOver && passedOver === 32;
      if (isPassedOver) expect(model.wanted.get(text)?.priority).toBe(isTurnOfBackground ? "background" : "change");
      passedOver = isPassedOver && !isTurnOfBackground ? passedOver + 1 : 0;
      model.wanted.delete(text);
      model.running.add(text);
    };

    for (let turn = 0; turn < 300; turn++) {
      const key = pick(keys);
      const text = keyText(key);
      const step = random();
      if (step < 0.2) {
        const priority = pick(["change", "background"] as const);
        queue.add(key, priority);
        model.want(text, clock.monotonic(), priority);
      } else if (step < 0.4) {
        const delayMs = Math.floor(random() * 500);
        const priority = pick(["change", "background"] as const);
        queue.addAfter(key, delayMs, priority);
        model.want(text, clock.monotonic() + delayMs, priority);
      } else if (step < 0.6) clock.skip(Math.floor(random() * 200));
      else if (step < 0.8) await take();
      else if (model.running.size > 0) {
        const done = pick([...model.running]);
        queue.done(keys.find((each) => keyText(each) === done) as ObjectKey);
        model.running.delete(done);
      }
    }
    // Nothing is lost: when all is done and every delay is over, what is wanted comes, each key once.
    for (const key of keys) if (model.running.delete(keyText(key))) queue.done(key);
    clock.skip(1000);
    while (model.wanted.size > 0) await take();
    expect(queue.snapshot().depth).toEqual({ change: 0, background: 0 });
    expect(clock.waiting).toBe(0);
  },
);

test("no namespace waits longer than the others have turns", async () => {
  const random = seeded(7);
  const clock = new FakeClock();
  const queue = createWorkQueue({ name: "test", clock, metrics: registerControlMetrics(new Registry(), clock) });
  for (let at = 0; at < 5000; at++) queue.add({ namespace: "crowded", name: `${at}` });
  const namespaces = Array.from({ length: 9 }, (_, at) => `n${at}`);
  const waitingSince = new Map<string, number>();
  for (let turn = 0; turn < 2000; turn++) {
    const namespace = namespaces[Math.floor(random() * namespaces.length)] as string;
    if (random() < 0.3 && !waitingSince.has(namespace)) {
      queue.add({ namespace, name: "one" });
      waitingSince.set(namespace, turn);
    }
    const taken = (await queue.take()) as ObjectKey;
    queue.done(taken);
    expect(turn - (waitingSince.get(taken.namespace) ?? turn), `turns that ${taken.namespace} waited`).toBeLessThanOrEqual(9);
    waitingSince.delete(taken.namespace);
  }
});
