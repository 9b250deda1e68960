import { expect, test } from "vitest";
import { type LivePod, podInBrief } from "../../../operator/pipeline/live-pod.ts";
import { observePod } from "../../../operator/pipeline/observe-pod.ts";

const untold = { report: null, asked: false };
const podWith = (status: LivePod["status"], metadata: Partial<LivePod["metadata"]> = {}): LivePod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "p",
    uid: "u",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { "snowline.dev/revision": "r" },
    ...metadata,
  },
  spec: { containers: [{ name: "runtime", image: "image" }] },
  ...(status === undefined ? {} : { status }),
});
const container = (more: object) => ({ containerStatuses: [{ name: "runtime", ...more }] });
const terminated = (exitCode: number, more: object = {}) => ({
  terminated: { exitCode, finishedAt: "2026-01-01T00:01:00Z", ...more },
});

test.each([
  ["is new", {}, { waiting: null, ended: null, ends: 0, phase: "Pending" }],
  [
    "cannot be scheduled",
    { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }] },
    { waiting: { reason: "Unschedulable", message: "0/3 nodes" } },
  ],
  [
    "cannot pull its image",
    container({ state: { waiting: { reason: "ErrImagePull", message: "not found" } } }),
    { waiting: { reason: "ErrImagePull", message: "not found" }, ends: 0 },
  ],
  [
    "ended and waits for its second start",
    container({
      restartCount: 0,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: terminated(3, { message: '{"reason":"TableMissing","message":"table T"}' }),
    }),
    { ends: 1, ended: { exitCode: 3, reason: "TableMissing", message: "table T" } },
  ],
  [
    "runs again",
    container({ restartCount: 2, state: { running: {} }, lastState: terminated(1, { reason: "Error" }) }),
    { ends: 2, ended: { exitCode: 1, reason: "Error" } },
  ],
  [
    "was killed for its memory",
    container({ restartCount: 0, state: terminated(137, { reason: "OOMKilled" }) }),
    { ends: 1, ended: { exitCode: 137, reason: "OOMKilled" } },
  ],
  [
    "logged what nobody knows",
    container({ state: terminated(1, { reason: "Error", message: "password=hunter2" }) }),
    { ended: { reason: "Error", message: "" } },
  ],
  [
    "was evicted",
    {
      phase: "Failed",
      reason: "Evicted",
      message: "low on memory",
      ...container({ state: terminated(143, { reason: "Error" }) }),
    },
    { phase: "Failed", ended: { reason: "Evicted", message: "low on memory" } },
  ],
  [
    "is ready",
    {
      phase: "Running",
      podIP: "10.0.0.1",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:30Z" }],
    },
    { ready: true, readySinceMs: Date.parse("2026-01-01T00:00:30Z"), ip: "10.0.0.1", revision: "r" },
  ],
])("a pod that %s", (_what, status, expected) => {
  const pod = podWith(status);
  expect(observePod(pod, untold)).toMatchObject(expected);
  // The store keeps all that is looked at.
  expect(observePod(podInBrief(pod), untold)).toEqual(observePod(pod, untold));
});

test("a pod that is to end is not ready, and due when its grace period is over", () => {
  const status = { conditions: [{ type: "Ready", status: "True" }] };
  const pod = observePod(podWith(status, { deletionTimestamp: "2026-01-01T00:05:00Z" }), untold);
  expect(pod).toMatchObject({ ready: false, deleting: true, endDueMs: Date.parse("2026-01-01T00:05:00Z") });
});
