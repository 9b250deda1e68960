import assert from "node:assert/strict";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import type { Clock } from "./clock.ts";
import { createPendingKeys, pendingKey } from "./pending-keys.ts";
import type { Priority, QueueObserver, QueueSnapshot } from "./queue-metrics.ts";
import { createRetryDelays } from "./retry-delays.ts";

/**
 * Keys that are to be looked at: each at most once, however often it was added, and never given to two at a time; one added
 * while it is worked on comes again after that. So it holds no more than there are objects. It lives in memory only: at the
 * start of a process everything is listed and added anew.
 */
export interface WorkQueue {
  /** Now. A key that waits for its delay waits no longer; what runs says itself when to look again. */
  add(key: ObjectKey, priority?: Priority): void;
  /** After a delay, in milliseconds. A key that is to come earlier anyway comes then, and only then. */
  addAfter(key: ObjectKey, delayMs: number, priority?: Priority): void;
  /** After a pause that grows with each failure of this key, and when many keys fail. */
  retry(key: ObjectKey): void;
  /** Ends the count of this key's failures. */
  forget(key: ObjectKey): void;
  /** The next key, once there is one: whoever gets it must call `done`, even after an abort. null: shut down, or aborted before there was one. */
  take(signal?: AbortSignal): Promise<ObjectKey | null>;
  /** The key that was taken may be taken again. */
  done(key: ObjectKey): void;
  /** No more keys are given or accepted. */
  shutDown(): void;
  snapshot(): QueueSnapshot;
}

/** What a queue is made of. */
export interface WorkQueueOptions {
  /** Of the controller that takes from it: the label of its metrics. */
  readonly name: string;
  readonly clock: Clock;
  readonly metrics: { queue(name: string, snapshot: () => QueueSnapshot): QueueObserver };
}

/** An empty queue. Namespaces take turns; changes come before what is of low priority. */
export function createWorkQueue({ name, clock, metrics }: WorkQueueOptions): WorkQueue {
  /** Since when each key that was taken is worked on. */
  const running = new Map<string, number>();
  const takers = createTakers();
  const retryDelays = createRetryDelays(clock);
  let shuttingDown = false;

  const begin = (): ObjectKey | null => {
    const next = pending.take();
    if (next === undefined) return null;
    running.set(next.text, clock.monotonic());
    observer.waited(Math.max(0, clock.monotonic() - next.dueMs) / 1000);
    return next.key;
  };
  const pending = createPendingKeys({
    clock,
    isRunning: (text) => running.has(text),
    onReady: () => takers.next()?.(begin()),
  });
  const snapshot = (): QueueSnapshot => ({
    depth: pending.depth(),
    runningSeconds: [...running.values()].map((sinceMs) => (clock.monotonic() - sinceMs) / 1000),
  });
  const observer = metrics.queue(name, snapshot);
  const schedule = (key: ObjectKey, delayMs: number, priority: Priority): void => {
    if (!shuttingDown && pending.schedule(pendingKey(key, clock.monotonic() + delayMs, priority))) observer.added();
  };

  return {
    add: (key, priority = "change") => schedule(key, 0, priority),
    addAfter: (key, delayMs, priority = "change") => schedule(key, delayMs, priority),
    retry: (key) => {
      observer.retried();
      schedule(key, retryDelays.next(keyText(key)), "change");
    },
    forget: (key) => retryDelays.forget(keyText(key)),
    take: (signal) => {
      if (shuttingDown || signal?.aborted === true) return Promise.resolve(null);
      const key = begin();
      return key === null ? takers.wait(signal) : Promise.resolve(key);
    },
    done: (key) => {
      const text = keyText(key);
      const sinceMs = running.get(text);
      assert(sinceMs !== undefined, `queue ${name}: ${text} is done but was not taken`);
      running.delete(text);
      observer.worked((clock.monotonic() - sinceMs) / 1000);
      if (!shuttingDown) pending.resume(text);
    },
    shutDown: () => {
      shuttingDown = true;
      pending.stop();
      for (let taker = takers.next(); taker !== undefined; taker = takers.next()) taker(null);
    },
    snapshot,
  };
}

/** Those who wait for a key, in the order of their coming. */
function createTakers() {
  type Taker = (key: ObjectKey | null) => void;
  const waiting = new Set<Taker>();
  return {
    next: (): Taker | undefined => {
      for (const taker of waiting) {
        waiting.delete(taker);
        return taker;
      }
      return undefined;
    },
    wait: (signal: AbortSignal | undefined): Promise<ObjectKey | null> =>
      new Promise((resolve) => {
        const giveUp = (): void => taker(null);
        const taker: Taker = (key) => {
          waiting.delete(taker);
          signal?.removeEventListener("abort", giveUp);
          resolve(key);
        };
        waiting.add(taker);
        signal?.addEventListener("abort", giveUp, { once: true });
      }),
  };
}
