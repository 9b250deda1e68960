import { keyText, type ObjectKey } from "../kube/object-key.ts";
import type { Clock } from "./clock.ts";
import { createDelayHeap } from "./delay-heap.ts";
import { createFairLane } from "./fair-lane.ts";
import type { Priority } from "./queue-metrics.ts";

/** Changes that may be taken one after another while something of low priority waits: it waits longer, not for ever. */
const changesInRowMax = 32;
/** Overtaken entries that the heap of delays may hold beside as many as there are keys, before they are thrown out. */
const overtakenMax = 64;

/** A key that is to come. */
export interface PendingKey {
  readonly key: ObjectKey;
  readonly text: string;
  readonly priority: Priority;
  /** When it may be taken, on the monotonic clock. */
  readonly dueMs: number;
}

/** Keys that are to come, each once: those that may be taken, those that wait for their time, those that are worked on and come again. */
export interface PendingKeys {
  /** Lets a key come, at the earlier time and the higher priority where it is to come anyway. False where that changes nothing. */
  schedule(wanted: PendingKey): boolean;
  /** Changes first, namespaces in turn; undefined where none may be taken. */
  take(): PendingKey | undefined;
  /** A key that was worked on may be taken again. */
  resume(text: string): void;
  depth(): Readonly<Record<Priority, number>>;
  /** Stops the timer: what waits for its time waits for ever. */
  stop(): void;
}

/** What is asked and told meanwhile. */
export interface PendingKeysOptions {
  readonly clock: Clock;
  readonly isRunning: (text: string) => boolean;
  /** Called whenever one more may be taken. */
  readonly onReady: () => void;
}

/** None yet. */
export function createPendingKeys({ clock, isRunning, onReady }: PendingKeysOptions): PendingKeys {
  const pending = new Map<string, PendingKey>();
  const lanes = createLanes();
  const isCurrent = (one: PendingKey): boolean => pending.get(one.text) === one;
  const delays = createDelays(clock, (due) => {
    if (isCurrent(due)) place(due);
  });

  function place(one: PendingKey): void {
    if (one.dueMs > clock.monotonic()) {
      delays.add(one);
      if (delays.size > 2 * pending.size + overtakenMax) delays.retain(isCurrent);
    } else if (!isRunning(one.text)) {
      lanes.push(one);
      onReady();
    }
  }
  return {
    schedule: (wanted) => {
      const before = pending.get(wanted.text);
      const priority = before?.priority === "change" ? "change" : wanted.priority;
      const dueMs = Math.min(wanted.dueMs, before?.dueMs ?? wanted.dueMs);
      if (before?.priority === priority && before.dueMs === dueMs) return false;
      if (before !== undefined) lanes.remove(before);
      const one = { ...wanted, priority, dueMs };
      pending.set(one.text, one);
      place(one);
      return true;
    },
    take: () => {
      const one = lanes.take();
      if (one !== undefined) pending.delete(one.text);
      return one;
    },
    resume: (text) => {
      const one = pending.get(text);
      // One that is not due yet waits among the delays already.
      if (one !== undefined && one.dueMs <= clock.monotonic()) place(one);
    },
    depth: lanes.depth,
    stop: delays.stop,
  };
}

/** Those that may be taken. */
function createLanes() {
  const namespaceOf = ({ key }: PendingKey): string => key.namespace;
  const lane = {
    change: createFairLane<PendingKey>(namespaceOf),
    background: createFairLane<PendingKey>(namespaceOf),
  };
  let changesInRow = 0;
  return {
    depth: () => ({ change: lane.change.size, background: lane.background.size }),
    push: (one: PendingKey) => lane[one.priority].push(one),
    remove: (one: PendingKey) => lane[one.priority].remove(one),
    take: (): PendingKey | undefined => {
      const isPassedOver = lane.background.size > 0 && lane.change.size > 0;
      if (isPassedOver && changesInRow < changesInRowMax) {
        changesInRow += 1;
        return lane.change.take();
      }
      changesInRow = 0;
      return lane.background.take() ?? lane.change.take();
    },
  };
}

/** Those that wait for their time, and the one timer for the first of them. */
function createDelays(clock: Clock, onDue: (one: PendingKey) => void) {
  const heap = createDelayHeap<PendingKey>();
  let armed: { readonly dueMs: number; readonly cancel: () => void } | null = null;

  const arm = (): void => {
    const first = heap.peek();
    if (first === undefined || (armed !== null && armed.dueMs <= first.dueMs)) return;
    armed?.cancel();
    armed = { dueMs: first.dueMs, cancel: clock.after(Math.max(0, first.dueMs - clock.monotonic()), fire) };
  };
  const fire = (): void => {
    armed = null;
    const nowMs = clock.monotonic();
    for (let first = heap.peek(); first !== undefined && first.dueMs <= nowMs; first = heap.peek()) {
      heap.pop();
      onDue(first.item);
    }
    arm();
  };
  return {
    get size() {
      return heap.size;
    },
    add: (one: PendingKey) => {
      heap.push(one, one.dueMs);
      arm();
    },
    retain: (passes: (one: PendingKey) => boolean) => heap.retain(({ item }) => passes(item)),
    stop: () => {
      armed?.cancel();
      armed = null;
    },
  };
}

/** A key that is to come at a time, as yet unknown. */
export function pendingKey(key: ObjectKey, dueMs: number, priority: Priority): PendingKey {
  return { key, text: keyText(key), priority, dueMs };
}
