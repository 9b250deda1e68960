import { describe, expect, it } from "vitest";
import { createObjectStore } from "../../../operator/control/object-store.ts";
import { createOwnWrites } from "../../../operator/control/own-writes.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { FakeClock } from "./fake-clock.ts";

const orders = { namespace: "demo", name: "orders" };
const other = { namespace: "demo", name: "other" };

function object(name: string, resourceVersion: number, uid = name, deletionTimestamp?: string): KubeObject {
  const metadata = { namespace: "demo", name, uid, resourceVersion: String(resourceVersion) };
  return { apiVersion: "v1", kind: "Child", metadata: { ...metadata, ...(deletionTimestamp && { deletionTimestamp }) } };
}

function place() {
  const clock = new FakeClock();
  const warnings: object[] = [];
  const writes = createOwnWrites(clock, { warn: (fields: object) => void warnings.push(fields) });
  const store = createObjectStore<KubeObject>({}, () => {});
  store.replace([], 9n);
  return { clock, warnings, writes, store };
}

describe("own writes", () => {
  it("hold a key back until the cache is as new as the write, counted as a number", () => {
    const { writes, store } = place();
    writes.wrote(orders, object("child", 10), store);
    expect([writes.caughtUp(orders), writes.caughtUp(other)]).toEqual([false, true]);
    store.reached(9n);
    expect(writes.caughtUp(orders)).toBe(false);
    store.put(object("child", 10));
    store.reached(10n);
    expect(writes.caughtUp(orders)).toBe(true);
  });

  it("count as seen though the object has changed or gone since", () => {
    const { writes, store } = place();
    writes.wrote(orders, object("child", 10), store);
    store.reached(12n);
    expect(writes.caughtUp(orders)).toBe(true);
  });

  it("that delete are seen once the very object is gone or on its way", () => {
    const { writes, store } = place();
    store.put(object("child", 1));
    store.put(object("pod", 2));
    writes.deleted(orders, object("child", 1), store);
    writes.deleted(orders, object("pod", 2), store);
    expect(writes.caughtUp(orders)).toBe(false);
    store.put(object("child", 3, "another"));
    expect(writes.caughtUp(orders)).toBe(false);
    store.put(object("pod", 4, "pod", "2026-01-01T00:00:00Z"));
    expect(writes.caughtUp(orders)).toBe(true);
  });

  it("are all awaited, the last one for each object", () => {
    const { writes, store } = place();
    for (const version of [10, 11]) writes.wrote(orders, object("a", version), store);
    writes.wrote(orders, object("b", 12), store);
    store.reached(11n);
    expect(writes.caughtUp(orders)).toBe(false);
    store.reached(12n);
    expect(writes.caughtUp(orders)).toBe(true);
  });

  it("that never show are given up after 30 seconds, and told", () => {
    const { clock, warnings, writes, store } = place();
    writes.wrote(orders, object("child", 10), store);
    clock.skip(29_999);
    expect(writes.caughtUp(orders)).toBe(false);
    clock.skip(1);
    expect(writes.caughtUp(orders)).toBe(true);
    expect(warnings).toEqual([{ owner: "demo/orders", object: "Child demo/child", afterMs: 30_000 }]);
    expect(writes.caughtUp(orders)).toBe(true);
    expect(warnings).toHaveLength(1);
  });
});
