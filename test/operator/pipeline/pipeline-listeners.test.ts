import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { createDepartedPods } from "../../../operator/pipeline/departed-pods.ts";
import type { LivePod } from "../../../operator/pipeline/live-pod.ts";
import { label } from "../../../operator/pipeline/names.ts";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import { pipelineListeners } from "../../../operator/pipeline/pipeline-listeners.ts";
import { FakeClock } from "../control/fake-clock.ts";
import { orders } from "./orders.ts";

/** Listeners, and when they have a pipeline looked at: `now`, `in 500 ms`. */
function listening() {
  const clock = new FakeClock();
  const heard: string[] = [];
  const queue = {
    add: ({ name }: { readonly name: string }, priority = "change") => void heard.push(`${name} now, ${priority}`),
    addAfter: ({ name }: { readonly name: string }, delayMs: number, priority = "change") =>
      void heard.push(`${name} in ${delayMs} ms, ${priority}`),
  };
  const reports = { of: () => ({ report: null, asked: false }), see: () => {}, forget: () => {} };
  const all = { queue, connectionQueue: queue, reports, departed: createDepartedPods(clock), clock };
  return { heard, listeners: pipelineListeners(all as unknown as Parameters<typeof pipelineListeners>[0]) };
}

const { pipeline } = orders();
const written: LivePipeline = {
  ...pipeline,
  status: { observedGeneration: 1 },
  metadata: { ...pipeline.metadata, resourceVersion: "2", finalizers: ["snowline.dev/drain"] },
};
test.each<[string, LivePipeline | null, LivePipeline | null, string]>([
  ["that is new waits behind those that change", null, pipeline, "now, background"],
  ["whose status and finalizers were written is gathered", pipeline, written, "in 500 ms, change"],
  ["with another spec", pipeline, { ...pipeline, spec: { ...pipeline.spec, suspend: true } }, "now, change"],
  [
    "with another annotation",
    pipeline,
    { ...pipeline, metadata: { ...pipeline.metadata, annotations: { a: "b" } } },
    "now, change",
  ],
  [
    "that is to go",
    pipeline,
    { ...pipeline, metadata: { ...pipeline.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
    "now, change",
  ],
  ["that is gone", pipeline, null, "now, change"],
])("a Pipeline %s", (_what, before, after, looked) => {
  const { heard, listeners } = listening();
  listeners.pipeline(before, after);
  expect(heard).toEqual([`orders ${looked}`]);
});

interface Child extends KubeObject {
  readonly spec?: object;
  readonly status?: object;
}
const child = (kind: string): Child => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "pipeline-orders", namespace: "shop", resourceVersion: "1", labels: { [label.pipeline]: "orders" } },
  spec: { a: 1 },
  status: { ready: 0 },
});
const stranger: Child = { ...child("Deployment"), metadata: { name: "other", namespace: "shop" } };
const changed = (kind: string, more: Partial<Child>): Child => ({
  ...child(kind),
  ...more,
  metadata: { ...child(kind).metadata, resourceVersion: "2", ...more.metadata },
});
test.each<[string, Child | null, Child | null, readonly string[]]>([
  ["that was made, mostly by us, can wait", null, child("Deployment"), ["orders in 5000 ms, background"]],
  ["that is gone", child("NetworkPolicy"), null, ["orders in 500 ms, change"]],
  [
    "whose spec another changed",
    child("NetworkPolicy"),
    changed("NetworkPolicy", { spec: { a: 2 } }),
    ["orders in 500 ms, change"],
  ],
  [
    "that fares differently is a Deployment's",
    child("Deployment"),
    changed("Deployment", { status: {} }),
    ["orders in 500 ms, change"],
  ],
  ["and nobody else's", child("PodDisruptionBudget"), changed("PodDisruptionBudget", { status: {} }), []],
  ["with another version only", child("Deployment"), changed("Deployment", {}), []],
  ["of nobody", null, stranger, []],
])("a child %s", (_what, before, after, looked) => {
  const { heard, listeners } = listening();
  listeners.child(before, after);
  expect(heard).toEqual(looked);
});

test("a pod is looked at when what is kept of it changes", () => {
  const { heard, listeners } = listening();
  const pod = { ...child("Pod"), spec: {}, status: { phase: "Pending" } } as LivePod;
  const version = { ...pod, metadata: { ...pod.metadata, resourceVersion: "2" } };
  const running = { ...version, status: { phase: "Running" } };
  listeners.pod(null, pod);
  listeners.pod(pod, version);
  expect(heard.length).toBe(1);
  listeners.pod(version, running);
  listeners.pod(running, null);
  expect(heard).toEqual(["background", "change", "change"].map((priority) => `orders in 500 ms, ${priority}`));
});
