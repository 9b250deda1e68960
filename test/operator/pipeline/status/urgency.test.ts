import { expect, test } from "vitest";
import type { PipelineStatus } from "../../../../crds/kinds/pipeline-status.ts";
import { answerMatters, urgencyOf, waitMs } from "../../../../operator/pipeline/status/urgency.ts";
import { parseReport } from "../../../../operator/pipeline/parse-report.ts";
import { idleReport } from "../started-operator.ts";

const condition = (type: string, status: "True" | "False" = "True", message = "") => ({
  type,
  status,
  reason: "Reason",
  message,
  observedGeneration: 1,
  lastTransitionTime: "2026-01-01T00:00:00Z",
});
const scaling = {
  replicas: 2,
  limiter: "Demand",
  message: "two",
  bounds: { min: 1, max: 4 },
  terms: { arrivalsPerSecond: 5 },
  memory: "a",
};
const before: PipelineStatus = {
  observedGeneration: 1,
  revision: "a",
  conditions: [condition("Ready"), condition("SpecValid"), condition("SinkReachable")],
  pods: "1/1",
  replicas: 1,
  readyReplicas: 1,
  lag: { records: 10_000, seconds: 100 },
  rates: { recordsPerSecond: 100, rowsPerSecond: 100 },
  totals: { recordsRead: 5 },
  scaling,
};

test.each([
  ["nothing", {}, "none"],
  ["a new generation", { observedGeneration: 2 }, "now"],
  ["another revision", { revision: "b" }, "now"],
  ["drained", { drained: true }, "now"],
  ["Ready turned", { conditions: [condition("Ready", "False"), ...before.conditions!.slice(1)] }, "now"],
  [
    "other words of SpecValid",
    { conditions: [condition("Ready"), condition("SpecValid", "True", "x"), condition("SinkReachable")] },
    "now",
  ],
  [
    "other words of a pod",
    { conditions: [...before.conditions!.slice(0, 2), condition("SinkReachable", "True", "try 7")] },
    "soon",
  ],
  ["a pod that is not ready", { pods: "0/1", readyReplicas: 0 }, "soon"],
  ["much more lag", { lag: { records: 20_000, seconds: 100 } }, "soon"],
  ["no lag known any more", { lag: {} }, "soon"],
  ["a little more lag", { lag: { records: 10_500, seconds: 104 } }, "slow"],
  ["faster", { rates: { recordsPerSecond: 200, rowsPerSecond: 100 } }, "soon"],
  ["further sums", { totals: { recordsRead: 900 } }, "slow"],
  ["another number of pods decided", { scaling: { ...scaling, replicas: 3 } }, "now"],
  ["another limiter", { scaling: { ...scaling, limiter: "Maximum" } }, "soon"],
  ["other bounds", { scaling: { ...scaling, bounds: { min: 1, max: 5 } } }, "now"],
  ["other terms and words of the autoscaler", { scaling: { ...scaling, message: "2", terms: { arrivalsPerSecond: 6 } } }, "slow"],
  ["another memory of the autoscaler alone", { scaling: { ...scaling, memory: "b" } }, "none"],
  ["other words of Scaling", { conditions: [...before.conditions!, condition("Scaling", "True", "3 records/s")] }, "soon"],
  ["another load", { lastLoadTime: "2026-01-01T00:00:00Z" }, "slow"],
] as const)("a status with %s is written: %j, %s", (_what, change, urgency) => {
  expect(urgencyOf(before, { ...before, ...change })).toBe(urgency);
});

const beginning: PipelineStatus = {
  observedGeneration: 1,
  revision: "a",
  conditions: [condition("Ready", "False"), condition("Progressing")],
  pods: "0/1",
  replicas: 0,
  readyReplicas: 0,
};
const told: PipelineStatus = {
  lag: { records: 10_000, seconds: 100 },
  rates: { recordsPerSecond: 100, rowsPerSecond: 100 },
  totals: { recordsRead: 1_000 },
};
test.each([
  ["a pod that waits to be ready", { replicas: 1 }, "later"],
  ["first numbers", told, "later"],
  ["a source that can be reached", { ...told, conditions: [...beginning.conditions!, condition("SourceReachable")] }, "later"],
  ["one that cannot", { ...told, conditions: [...beginning.conditions!, condition("SourceReachable", "False")] }, "soon"],
  ["a pod that is ready", { pods: "1/2", readyReplicas: 1 }, "soon"],
  ["Ready turned", { conditions: [condition("Ready"), condition("Progressing")] }, "now"],
] as const satisfies readonly (readonly [string, PipelineStatus, string])[])(
  "the status of a pipeline that begins with %s is written: %j, %s",
  (_what, change, urgency) => {
    expect(urgencyOf(beginning, { ...beginning, ...change })).toBe(urgency);
  },
);
test("with a pod that is ready, numbers matter while the first revision rolls out", () => {
  const rolling = { ...beginning, pods: "1/2", readyReplicas: 1 };
  expect(urgencyOf(rolling, { ...rolling, ...told })).toBe("soon");
});
test("with a revision that has proven itself, numbers matter while another rolls out", () => {
  const rolling = { ...beginning, provenRevision: "a" };
  expect(urgencyOf(rolling, { ...rolling, ...told })).toBe("soon");
});

test.each(["Scaling", "QualityAsExpected"])(
  "%s has words full of numbers, which are not written as soon as they move",
  (type) => {
    const saying = (message: string) => ({ ...before, conditions: [...before.conditions!, condition(type, "True", message)] });
    expect(urgencyOf(saying("3 records/s"), saying("4 records/s"))).toBe("slow");
  },
);

test("an answer matters from which another number of pods may follow", () => {
  const load = { busyFraction: 0.5, sinkWaitFraction: 0, recordsPerSecond: 100 };
  const arrivals = { recordsPerSecond: 100, hottest: null };
  const told = { ...parseReport(idleReport, 0)!, load, arrivals, splitsTotal: 3, rebalances: { count: 0, stallSeconds: 0 } };
  expect(answerMatters(told, { ...told, load: { ...load, busyFraction: 0.6 } })).toBe(false);
  expect(answerMatters(told, { ...told, load: { ...load, busyFraction: 0.8 } })).toBe(true);
  expect(answerMatters(told, { ...told, load: { ...load, sinkWaitFraction: 0.3 } })).toBe(true);
  expect(answerMatters(told, { ...told, arrivals: { ...arrivals, recordsPerSecond: 105 } })).toBe(false);
  expect(answerMatters(told, { ...told, arrivals: { ...arrivals, recordsPerSecond: 200 } })).toBe(true);
  expect(answerMatters(told, { ...told, splitsTotal: 4 })).toBe(true);
  expect(answerMatters(told, { ...told, rebalances: { count: 1, stallSeconds: 0 } })).toBe(true);
});

const nowMs = 1_000_000;
const ready = (secondsAgo: number) => ({ ready: true, readySinceMs: nowMs - secondsAgo * 1000 });
const unready = { ready: false, readySinceMs: nowMs };
test.each([
  ["now", 0, [], 0],
  ["now", 0, [ready(0)], 0],
  ["soon", 4, [], 6],
  ["soon", 10, [], 0],
  ["slow", 15, [], 45],
  ["later", 15, [], 585],
  // From when the first pod became ready.
  ["soon", 300, [ready(4), ready(1), unready], 6],
  ["soon", 300, [ready(400), ready(1)], 0],
  ["soon", 4, [ready(400)], 6],
  ["soon", 300, [unready], 0],
  ["slow", 300, [ready(4)], 56],
  // Its node's clock is ahead.
  ["soon", 300, [ready(-60)], 10],
] as const)("a status to be written %s, %d s after the last, with pods %j, waits %d s", (urgency, seconds, pods, waits) => {
  expect(waitMs(urgency, { writtenMs: nowMs - seconds * 1000, pods, nowMs })).toBe(waits * 1000);
});

test("an answer matters that is the first, the last, turns a condition or moves a number by what one would notice", () => {
  const idle = parseReport(idleReport, 0)!;
  const lagging = { ...idle, lag: { ...idle.lag, seconds: 3 } };
  const broken = { ...idle, conditions: [{ ...idle.conditions[0]!, status: "False" as const }] };
  expect(answerMatters(null, idle)).toBe(true);
  expect(answerMatters(idle, null)).toBe(true);
  expect(answerMatters(idle, { ...idle, atMs: 5 })).toBe(false);
  expect(answerMatters(idle, lagging)).toBe(false);
  expect(answerMatters(idle, { ...lagging, lag: { ...idle.lag, seconds: 60 } })).toBe(true);
  expect(answerMatters(idle, broken)).toBe(true);
});
