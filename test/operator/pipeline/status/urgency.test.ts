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
  ["another load", { lastLoadTime: "2026-01-01T00:00:00Z" }, "slow"],
] as const)("a status with %s is written: %j, %s", (_what, change, urgency) => {
  expect(urgencyOf(before, { ...before, ...change })).toBe(urgency);
});

test("the wait is what is left of the pace since the last write, and there is none after a start", () => {
  expect([waitMs("now", 0), waitMs("soon", 4_000), waitMs("soon", 10_000), waitMs("slow", 15_000), waitMs("slow", null)]).toEqual(
    [0, 6_000, 0, 45_000, 0],
  );
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
