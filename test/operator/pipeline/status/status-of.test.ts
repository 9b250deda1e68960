import { describe, expect, test } from "vitest";
import { decide } from "../../../../operator/pipeline/decide.ts";
import type { Observed, ObservedPod } from "../../../../operator/pipeline/observed.ts";
import { parseReport } from "../../../../operator/pipeline/parse-report.ts";
import type { PodReport } from "../../../../operator/pipeline/pod-report.ts";
import { settings } from "../orders.ts";
import { SimulatedCluster } from "../simulated-cluster.ts";
import { idleReport } from "../started-operator.ts";

const idle = parseReport(idleReport, 0)!;

/** What is observed of a pipeline that runs with these pods' answers; `undefined`: it was not asked yet. */
function observedWith(reports: readonly (PodReport | null | undefined)[], more: Partial<Observed> = {}): Observed {
  const cluster = new SimulatedCluster();
  cluster.apply({ replicas: reports.length });
  cluster.settle();
  const observed = cluster.observed()!;
  const pods = observed.pods.map((pod, at): ObservedPod => ({
    ...pod,
    report: reports[at] ?? null,
    asked: reports[at] !== undefined,
  }));
  return { ...observed, pods, ...more };
}
const statusOf = (observed: Observed) => decide(observed, settings).status;
const conditionOf = (observed: Observed, type: string) => statusOf(observed).conditions?.find((each) => each.type === type);
const sink = (status: "True" | "False" | "Unknown", message: string) => [
  { type: "SinkReachable", status, reason: status === "True" ? "Reachable" : "SinkUnreachable", message, lastTransitionTime: "" },
];

describe("numbers are", () => {
  test("sums of lag and rates, the longest of the seconds, and the split furthest behind", () => {
    const one = { ...idle, splits: 2, lag: { records: 70, seconds: 3.4, furthestBehind: { split: "orders-1", records: 60 } } };
    const two = { ...idle, splits: 1, lag: { records: 30, seconds: 9.6, furthestBehind: { split: "orders-2", records: 30 } } };
    const fast = { ...two, rates: { recordsPerSecond: 1234.5, rowsPerSecond: 0.12345 } };
    expect(statusOf(observedWith([one, fast]))).toMatchObject({
      lag: { records: 100, seconds: 10 },
      rates: { recordsPerSecond: 1235, rowsPerSecond: 0.123 },
      positions: { splits: 3, furthestBehind: "orders-1", furthestBehindRecords: 60 },
    });
  });

  test("what they were, until all pods that are ready have been asked", () => {
    const known = { lag: { records: 5, seconds: 1 }, rates: { rowsPerSecond: 7 }, positions: { splits: 9 } };
    const observed = observedWith([idle, undefined]);
    const pipeline = { ...observed.pipeline, status: { ...observed.pipeline.status, ...known } };
    expect(statusOf({ ...observed, pipeline })).toMatchObject(known);
  });

  test("left out where nobody knows them, and Available says what may keep the operator from asking", () => {
    const observed = observedWith([null]);
    expect(statusOf(observed).lag).toBeUndefined();
    expect(conditionOf(observed, "Available")?.message).toContain("a NetworkPolicy may keep it from them");
  });
});

describe("conditions of the pods", () => {
  test("one that cannot reach the sink speaks for all, and for Ready", () => {
    const bad = { ...idle, conditions: sink("False", "account x: no answer: check the network") };
    const observed = observedWith([idle, bad]);
    expect(conditionOf(observed, "SinkReachable")).toMatchObject({
      status: "False",
      reason: "SinkUnreachable",
      message: "account x: no answer: check the network (1 of 2 pods)",
    });
    expect(conditionOf(observed, "Ready")).toMatchObject({ status: "False", reason: "SinkUnreachable" });
  });

  test("False beats Unknown, Unknown beats True", () => {
    const unknown = { ...idle, conditions: sink("Unknown", "?") };
    expect(conditionOf(observedWith([idle, unknown]), "Ready")).toMatchObject({ status: "Unknown" });
    expect(conditionOf(observedWith([unknown, { ...idle, conditions: sink("False", "!") }]), "Ready")).toMatchObject({
      status: "False",
    });
  });

  test("lookups that are old are told, and Ready goes without them", () => {
    const old = { ...idle, conditions: [{ ...sink("False", "rates: 500")[0]!, type: "LookupsFresh" }] };
    expect(conditionOf(observedWith([old]), "LookupsFresh")).toMatchObject({ status: "False" });
    expect(conditionOf(observedWith([old]), "Ready")).toMatchObject({ status: "True" });
  });
});

test("every condition has a reason, a message and the generation, and keeps its time while its status is the same", () => {
  const observed = observedWith([idle]);
  const later = { ...observed, nowMs: observed.nowMs + 1_000_000 };
  const before = observed.pipeline.status!.conditions!;
  for (const each of statusOf(later).conditions!) {
    expect(each.reason).toMatch(/^[A-Za-z]+$/);
    expect(each.message).not.toBe("");
    expect(each.observedGeneration).toBe(observed.pipeline.metadata.generation);
    const former = before.find(({ type }) => type === each.type);
    if (former !== undefined) expect(each.lastTransitionTime).toBe(former.lastTransitionTime);
  }
});

test("a pod that stands by has not proven a revision, one that has loaded has", () => {
  const cluster = new SimulatedCluster();
  cluster.apply({});
  cluster.operate();
  cluster.control();
  cluster.run();
  const observed = cluster.observed()!;
  const with_ = (report: PodReport): Observed => ({ ...observed, pods: observed.pods.map((pod) => ({ ...pod, report })) });
  const standby: PodReport = { ...idle, splits: 0, proof: { kind: "noSplit", message: "" } };
  expect(statusOf(with_(standby)).provenRevision).toBeUndefined();
  expect(statusOf(with_({ ...standby, totals: { ...idle.totals, rowsLoaded: 1 } })).provenRevision).toBeDefined();
  expect(statusOf(with_(idle)).provenRevision).toBeDefined();
});
