import { describe, expect, it } from "vitest";
import { createObjectStore } from "../../../operator/control/object-store.ts";
import { lean } from "../../../operator/control/lean.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";

interface Child extends KubeObject {
  readonly owner: string;
  readonly secrets: readonly string[];
}

function object(name: string, resourceVersion: number, more: Partial<Child> & { readonly uid?: string } = {}): Child {
  const { uid = name, owner = "o", secrets = [] } = more;
  const metadata = { namespace: "demo", name, uid, resourceVersion: String(resourceVersion) };
  return { apiVersion: "v1", kind: "Child", metadata, owner, secrets };
}

function filled() {
  const told: string[] = [];
  const say = (child: Child | null) => (child === null ? "-" : `${child.metadata.uid}@${child.metadata.resourceVersion}`);
  const indexes = { owner: ({ owner }: Child) => [owner], secret: ({ secrets }: Child) => secrets };
  const store = createObjectStore<Child>(indexes, (before, after) => {
    told.push(`${say(before)} > ${say(after)}`);
    // Each change is in the store before it is told.
    const { namespace = "", name } = (after ?? before)!.metadata;
    expect(store.get({ namespace, name })).toBe(after);
  });
  const names = (index: string, value: string) =>
    store
      .by(index, value)
      .map(({ metadata }) => metadata.name)
      .toSorted();
  return { store, told, names };
}

describe("a store", () => {
  it("becomes what a list says, and tells what differs: nothing twice, a name that changed hands as two", () => {
    const { store, told } = filled();
    expect([store.synced, store.resourceVersion]).toEqual([false, 0n]);
    store.replace([object("same", 1), object("changed", 1), object("gone", 1), object("again", 1, { uid: "old" })], 5n);
    expect([store.synced, store.resourceVersion]).toEqual([true, 5n]);
    const same = store.get({ namespace: "demo", name: "same" });
    told.length = 0;
    store.replace([object("same", 1), object("changed", 6), object("again", 7, { uid: "new" }), object("new", 8)], 9n);
    expect(told).toEqual(["gone@1 > -", "changed@1 > changed@6", "old@1 > -", "- > new@7", "- > new@8"]);
    expect(
      store
        .list()
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(["again", "changed", "new", "same"]);
    expect(store.get({ namespace: "demo", name: "same" }), "one object for one version").toBe(same);
  });

  it("follows single changes, and forgets only the very object that was deleted", () => {
    const { store, told } = filled();
    store.replace([], 1n);
    store.put(object("a", 2));
    store.put(object("a", 2));
    store.put(object("a", 3));
    store.put(object("a", 4, { uid: "other" }));
    store.remove(object("a", 5));
    store.remove(object("a", 6, { uid: "other" }));
    store.remove(object("a", 6, { uid: "other" }));
    expect(told).toEqual(["- > a@2", "a@2 > a@3", "a@3 > -", "- > other@4", "other@4 > -"]);
    store.reached(9n);
    expect(store.resourceVersion).toBe(9n);
  });

  it("finds by its indexes what is there now, once each", () => {
    const { store, names } = filled();
    store.replace([object("a", 1, { owner: "x", secrets: ["s", "s", "t"] }), object("b", 2, { owner: "x", secrets: ["s"] })], 2n);
    expect([names("owner", "x"), names("secret", "s"), names("secret", "t"), names("owner", "y")]).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a"],
      [],
    ]);
    store.put(object("a", 3, { owner: "y" }));
    store.remove(object("b", 4));
    expect([names("owner", "x"), names("owner", "y"), names("secret", "s"), names("secret", "t")]).toEqual([[], ["a"], [], []]);
    store.put(object("a", 5, { owner: "y" }));
    expect([names("owner", "y"), store.by("owner", "y")[0]?.metadata.resourceVersion]).toEqual([["a"], "5"]);
    expect(() => store.by("colour", "red")).toThrow('there is no index "colour"');
  });

  it("tells namespaces apart", () => {
    const { store } = filled();
    const elsewhere = { ...object("a", 2), metadata: { ...object("a", 2).metadata, namespace: "other", uid: "b" } };
    store.replace([object("a", 1), elsewhere], 2n);
    store.remove(object("a", 3));
    expect([store.get({ namespace: "demo", name: "a" }), store.list()]).toEqual([null, [elsewhere]]);
    store.replace([object("a", 4)], 4n);
    expect(store.list()).toEqual([object("a", 4)]);
  });

  it("gives out answers that do not change", () => {
    const { store } = filled();
    store.replace([object("a", 1)], 1n);
    const [all, found] = [store.list(), store.by("owner", "o")];
    store.put(object("b", 2));
    expect([all.length, found.length]).toEqual([1, 1]);
  });
});

it("an object is kept without what fills a cache, but with who wrote to it", () => {
  const entry = { manager: "us", operation: "Update" as const, fieldsV1: { "f:spec": {} }, time: "2026-01-01T00:00:00Z" };
  const original = {
    ...object("a", 1),
    metadata: {
      ...object("a", 1).metadata,
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", mine: "kept" },
      managedFields: [entry, { ...entry, subresource: "status" }],
    },
  };
  const kept = lean(original);
  expect(kept.metadata).toEqual({
    ...object("a", 1).metadata,
    annotations: { mine: "kept" },
    managedFields: [
      { manager: "us", operation: "Update" },
      { manager: "us", operation: "Update", subresource: "status" },
    ],
  });
  expect(lean(object("b", 1))).toEqual(object("b", 1));
});
