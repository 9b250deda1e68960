import { describe, expect, it, test } from "vitest";
import { createSharedParts } from "../../../operator/control/shared-parts.ts";
import { seeded } from "./seeded.ts";

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const deployment = (name: string, image = "runtime:1") => ({
  kind: "Deployment",
  metadata: { name, labels: { app: name, team: "shop" }, resourceVersion: "1" },
  spec: { replicas: 1, containers: [{ image, ports: [{ port: 9464 }], env: [] }], paused: false, none: null },
});

describe("shared parts", () => {
  it("are one in objects that are equal there", () => {
    const share = createSharedParts();
    const [a, b] = [share(deployment("a"), null), share(deployment("b"), null)];
    expect(a).toEqual(deployment("a"));
    expect(b).toEqual(deployment("b"));
    expect(b.spec).toBe(a.spec);
    expect(b.metadata.labels).not.toBe(a.metadata.labels);
  });

  it("are one below what differs", () => {
    const share = createSharedParts();
    const [a, b] = [share(deployment("a"), null), share(deployment("b", "runtime:2"), null)];
    expect(b.spec.containers[0]?.image).toBe("runtime:2");
    expect(b.spec.containers[0]?.ports).toBe(a.spec.containers[0]?.ports);
  });

  it("are those of the same object before, however long ago that was", () => {
    const share = createSharedParts();
    const before = share(deployment("a"), null);
    for (let other = 0; other < 20_000; other++) share({ metadata: {}, spec: { other: [other] } }, null);
    const after = share({ ...deployment("a"), spec: { ...deployment("a").spec, replicas: 2 } }, before);
    expect(after.spec.replicas).toBe(2);
    expect(after.spec.containers).toBe(before.spec.containers);
    expect(after.metadata).not.toBe(before.metadata);
    expect(after.metadata.labels).toBe(before.metadata.labels);
  });

  it("are frozen, as all of the object is", () => {
    const { metadata, spec } = createSharedParts()(deployment("a"), null);
    for (const change of [metadata, metadata.labels, spec, spec.containers, spec.containers[0]!, spec.containers[0]!.ports])
      expect(() => Object.assign(change, { 0: "x", more: "x" })).toThrow(TypeError);
  });

  it("are not touched where somebody froze them before", () => {
    const share = createSharedParts();
    const spec = Object.freeze({ list: [1] });
    const shared = share({ metadata: {}, spec, more: { spec } }, null);
    expect(shared.spec).toBe(spec);
    expect(shared).toEqual({ metadata: {}, spec: { list: [1] }, more: { spec: { list: [1] } } });
  });

  test.each<[string, unknown, unknown]>([
    ["a text and a number", { n: "1" }, { n: 1 }],
    ["a text and nothing", { n: "null" }, { n: null }],
    ["a list and an object", { n: ["x"] }, { n: { 0: "x" } }],
    ["an empty list and an empty object", { n: [] }, { n: {} }],
    ["names and texts with the marks that keys are made with", { 'a"1,b': "x" }, { a: "x", b: "x" }],
    ["names with marks, and a member", { "a:true,b": true }, { a: true, b: true }],
    ["true and its text", { n: true }, { n: "true" }],
    ["more at the end", { n: [1] }, { n: [1, 2] }],
    ["less than before", { n: { a: "x", b: "y" } }, { n: { a: "x" } }],
  ])("are not %s", (_, one, other) => {
    const share = createSharedParts();
    const first = share({ metadata: {}, spec: copyOf(one) }, null);
    expect(share({ metadata: {}, spec: copyOf(other) }, null).spec).toEqual(other);
    expect(share({ metadata: {}, spec: copyOf(other) }, first).spec).toEqual(other);
    expect(first.spec).toEqual(one);
  });

  it("leave every object as it was, whatever went through before", () => {
    const random = seeded(7);
    const pick = <T>(...items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const value = (depth: number): unknown => {
      if (depth === 0 || random() < 0.3) return pick<unknown>("a", "b", "1", 1, true, null, "true", "");
      const members = Array.from({ length: Math.floor(random() * 4) }, () => value(depth - 1));
      return random() < 0.5 ? members : Object.fromEntries(members.map((member) => [pick("a", "b", "c", "0", "1"), member]));
    };
    const share = createSharedParts();
    interface Any {
      readonly metadata: object;
      readonly spec: unknown;
    }
    let before: Any | null = null;
    for (let round = 0; round < 20_000; round++) {
      const spec = value(4);
      const object: Any = share<Any>(
        { metadata: { labels: { a: pick("x", "y") } }, spec: copyOf(spec) },
        random() < 0.5 ? before : null,
      );
      expect(JSON.stringify(object.spec)).toBe(JSON.stringify(spec));
      before = object;
    }
  });
});
