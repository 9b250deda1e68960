import { expect, test } from "vitest";
import { steadinessOf } from "../../../../operator/pipeline/decide/is-steady.ts";
import type { LiveDeployment, Observed, ObservedPod } from "../../../../operator/pipeline/observed.ts";
import { deployment } from "../../../../operator/pipeline/resources/deployment.ts";
import { ownerOf } from "../../../../operator/pipeline/resources/owner-reference.ts";
import { unprobed } from "../../../../operator/probe/probed.ts";
import { orders, ordersRevision } from "../orders.ts";
import { newPod } from "../simulated-pods.ts";

const target = ordersRevision();
const nowMs = Date.parse("2026-01-01T12:00:00Z");

function pod(name: string, more: Partial<ObservedPod> = {}): ObservedPod {
  return { ...newPod(name, target.hash, nowMs - 3_600_000), phase: "Running", ready: true, ...more };
}

/** Two pods that have run for an hour, but for what is said. */
function observed(
  pods: readonly ObservedPod[],
  status: LiveDeployment["status"] = { observedGeneration: 1, replicas: 2 },
): Observed {
  const inputs = orders();
  const object = deployment(ownerOf(inputs.pipeline), target, { replicas: 2, deadlineSeconds: 600 });
  const live = { ...object, metadata: { ...object.metadata, generation: 1 }, status } as unknown as LiveDeployment;
  const rest = { revisions: [target], specProblems: null, children: [], departed: [], obstacle: null, probed: unprobed };
  const remembered = { scaling: null as never, rows: [] };
  return { ...inputs, ...rest, remembered, deployment: live, pods, nowMs };
}
const [a, b] = [pod("a"), pod("b")];
const young = { ready: false, createdMs: nowMs - 10_000 };

test.each<[string, readonly ObservedPod[], boolean, number | null]>([
  ["all are there", [a, b], true, null],
  ["one is missing", [a], false, null],
  ["one begins", [a, pod("b", young)], false, nowMs + 290_000],
  ["one has been beginning for five minutes", [a, pod("b", { ready: false })], true, null],
  ["one more ends", [a, b, pod("c", { deleting: true, endDueMs: nowMs + 60_000 })], false, nowMs + 60_000],
  ["one more should have ended", [a, b, pod("c", { deleting: true, endDueMs: nowMs - 1 })], true, null],
  ["one of another revision is there", [a, b, pod("c", { revision: "other" })], false, null],
  ["an evicted one has left a note", [a, b, pod("c", { phase: "Failed" })], true, null],
])("pods are a measure where %s: %#", (_what, pods, isSteady, lookAgainMs) => {
  expect(steadinessOf(observed(pods), target)).toEqual({ isSteady, lookAgainMs });
});

test("they are none before the Deployment's controller has seen what it says, and without a Deployment", () => {
  expect(steadinessOf(observed([a, b], { observedGeneration: 0, replicas: 2 }), target).isSteady).toBe(false);
  expect(steadinessOf(observed([a, b], { observedGeneration: 1, replicas: 3 }), target).isSteady).toBe(false);
  expect(steadinessOf({ ...observed([a, b]), deployment: null }, target).isSteady).toBe(false);
  expect(steadinessOf(observed([a, b]), { ...target, hash: "other" }).isSteady).toBe(false);
});
