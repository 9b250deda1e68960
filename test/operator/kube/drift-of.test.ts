import { describe, expect, it } from "vitest";
import { driftOf } from "../../../operator/kube/drift-of.ts";

describe("no drift:", () => {
  it.each<[string, object, object]>([
    ["what is there besides", { spec: { replicas: 1 } }, { spec: { replicas: 1, paused: true }, status: {} }],
    ["a quantity said otherwise", limits("1000m", "1Gi"), limits("1", "1024Mi")],
    ["a quantity as a number", limits(1, 1024), limits("1", "1Ki")],
    ["an empty map that the server leaves out", { metadata: { labels: {} } }, { metadata: {} }],
    ["an empty list that the server leaves out", { spec: { args: [] } }, { spec: {} }],
    ["null, which is absence", { spec: { a: null } }, { spec: {} }],
    ["undefined, which is not sent", { spec: { a: undefined } }, { spec: { a: 1 } }],
    ["defaults within a list's item", containers({ name: "a" }), containers({ name: "a", pullPolicy: "Always" })],
    ["a container of another's", containers({ name: "a" }), containers({ name: "side" }, { name: "a" })],
    ["an owner of another's", owners("1"), owners("0", "1")],
    ["a finalizer of another's", { metadata: { finalizers: ["a"] } }, { metadata: { finalizers: ["b", "a"] } }],
  ])("%s", (_name, desired, live) => {
    expect(driftOf(desired, live)).toBeNull();
  });
});

describe("drift is told by its path:", () => {
  it.each<[string, object, object, string]>([
    ["another value", { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, "spec.replicas"],
    ["a value that is gone", { spec: { replicas: 0 } }, { spec: {} }, "spec.replicas"],
    ["false that is gone: the default may be true", { spec: { token: false } }, { spec: {} }, "spec.token"],
    ["a map that is gone", { metadata: { labels: { a: "b" } } }, { metadata: {} }, "metadata.labels"],
    ["a text that looks like a quantity", { data: { a: "1" } }, { data: { a: "1000m" } }, "data.a"],
    ["a label that looks like a quantity", labels("1"), labels("1.0"), "metadata.labels.a"],
    ["another quantity", limits("1", "1Gi"), limits("1", "1G"), "spec.limits.memory"],
    ["an item's field", containers({ name: "a", image: "x" }), containers({ name: "a", image: "y" }), "spec.containers[0].image"],
    ["an item that is gone", containers({ name: "a" }, { name: "b" }), containers({ name: "a" }), "spec.containers"],
    [
      "items in another order",
      containers({ name: "a" }, { name: "b" }),
      containers({ name: "b" }, { name: "a" }),
      "spec.containers[0].name",
    ],
    ["an item more in a list without names", { args: ["a"] }, { args: ["a", "b"] }, "args"],
    ["items with the same name, in another number", { m: [{ name: "a" }, { name: "a" }] }, { m: [{ name: "a" }] }, "m"],
    ["a list that is a map", { a: [1] }, { a: { 0: 1 } }, "a"],
    ["an owner that is gone", owners("1"), owners("0"), "metadata.ownerReferences"],
  ])("%s", (_name, desired, live, path) => {
    expect(driftOf(desired, live)).toBe(path);
  });
});

function limits(cpu: unknown, memory: unknown) {
  return { spec: { limits: { cpu, memory } } };
}
function containers(...items: readonly object[]) {
  return { spec: { containers: items } };
}
function owners(...uids: readonly string[]) {
  return { metadata: { ownerReferences: uids.map((uid) => ({ uid, name: "same" })) } };
}
function labels(a: string) {
  return { metadata: { labels: { a } } };
}
