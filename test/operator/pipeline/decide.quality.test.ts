import { describe, expect, test } from "vitest";
import { decide } from "../../../operator/pipeline/decide.ts";
import { idle } from "./simulated-pods.ts";
import { settings } from "./orders.ts";
import { runningCluster, type SimulatedCluster } from "./simulated-cluster.ts";

const rows = (bounds: object) => ({ text: "one", quality: { rows: { overSeconds: 600, ...bounds } } });

/** Turns of everybody, ten seconds each. */
function live(cluster: SimulatedCluster, seconds: number): void {
  for (let passed = 0; passed < seconds; passed += 10) {
    cluster.pass(10);
    cluster.run();
    cluster.operate();
    cluster.control();
  }
}

/** A pipeline with so many rows a second, of which somebody expects something. */
function loading(perSecond: number, bounds: object): SimulatedCluster {
  const cluster = runningCluster(rows(bounds));
  cluster.source = { ...cluster.source, arrivalsPerSecond: perSecond };
  cluster.restartOperator();
  return cluster;
}
const events = (cluster: SimulatedCluster): readonly string[] =>
  cluster.happenings.map(({ reason }) => reason).filter((reason) => reason.startsWith("Too"));

describe("quality.rows", () => {
  test("is judged only once a full window was counted", () => {
    const cluster = loading(1, { warnBelow: 1_000 });
    cluster.pipeline!.status = { ...cluster.status, conditions: [] };
    live(cluster, 500);
    expect(cluster.condition("QualityAsExpected")).toBe("Unknown Counting");
    live(cluster, 120);
    expect(cluster.condition("QualityAsExpected")).toBe("False TooFewRows");
  });

  test("tells too few rows once, keeps the pipeline Ready and running, and tells when there are enough again", () => {
    const cluster = loading(1, { warnBelow: 1_000 });
    live(cluster, 1_200);
    expect(cluster.condition("QualityAsExpected")).toBe("False TooFewRows");
    expect(cluster.message("QualityAsExpected")).toMatch(/^\d+ rows were loaded within 600 s, at least 1000 are expected/);
    expect(events(cluster)).toEqual(["TooFewRows"]);
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(cluster.readyPods().length).toBe(1);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 50 };
    live(cluster, 700);
    expect(cluster.condition("QualityAsExpected")).toBe("True AsExpected");
  });

  test("tells too many rows", () => {
    const cluster = loading(50, { warnAbove: 1_000 });
    live(cluster, 700);
    expect(cluster.condition("QualityAsExpected")).toBe("False TooManyRows");
  });

  test("stays what it was when the operator starts again, until it has counted for as long", () => {
    const cluster = loading(1, { warnBelow: 1_000 });
    live(cluster, 1_200);
    cluster.restartOperator();
    live(cluster, 500);
    expect(cluster.condition("QualityAsExpected")).toBe("False TooFewRows");
    expect(events(cluster)).toEqual(["TooFewRows"]);
  });

  test("says nothing of a pipeline that is suspended, nor of pods that do not tell what they load", () => {
    const cluster = loading(1, { warnBelow: 1_000 });
    live(cluster, 1_200);
    const observed = cluster.observed()!;
    const silent = { ...observed, pods: observed.pods.map((pod) => ({ ...pod, report: null })) };
    expect(decide(silent, settings).remembered.rows).toEqual([]);
    cluster.apply({ ...rows({ warnBelow: 1_000 }), suspend: true });
    cluster.settle();
    expect(cluster.condition("QualityAsExpected")).toBe("");
  });

  test("rolls no pod when it changes", () => {
    const cluster = loading(1, { warnBelow: 1_000 });
    const { revision } = cluster.status;
    cluster.apply(rows({ warnBelow: 1 }));
    live(cluster, 60);
    expect(cluster.status.revision).toBe(revision);
  });
});

test("what a pod says of rejected records goes before how many rows there are", () => {
  const cluster = loading(50, { warnBelow: 1 });
  live(cluster, 700);
  const observed = cluster.observed()!;
  const condition = {
    type: "QualityAsExpected",
    reason: "TooManyRejected",
    message: "5 of 100",
    lastTransitionTime: "",
  } as const;
  const told = (status: "True" | "False", rowsLoaded = 100_000) => {
    const report = { ...idle, conditions: [{ ...condition, status }], totals: { ...idle.totals, rowsLoaded } };
    const plan = decide({ ...observed, pods: observed.pods.map((pod) => ({ ...pod, report })) }, settings);
    const { conditions = [] } = plan.status;
    return { plan, found: conditions.find(({ type }) => type === "QualityAsExpected"), ready: conditions[0] };
  };
  expect(told("False").found).toMatchObject({ status: "False", reason: "TooManyRejected", message: "5 of 100" });
  expect(told("False", 0).found).toMatchObject({ reason: "TooManyRejected" });
  expect(told("False").ready).toMatchObject({ status: "True" });
  expect(told("False").plan.happenings).toMatchObject([{ type: "Warning", reason: "TooManyRejected" }]);
  expect(told("True").found).toMatchObject({ status: "True" });
});
