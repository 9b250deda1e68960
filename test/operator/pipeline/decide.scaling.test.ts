import { describe, expect, test } from "vitest";
import { decide } from "../../../operator/pipeline/decide.ts";
import { settings } from "./orders.ts";
import { Killed, runningCluster, SimulatedCluster, type SimulatedSpec } from "./simulated-cluster.ts";

const reasons = (cluster: SimulatedCluster): readonly string[] => cluster.happenings.map(({ reason }) => reason);
const replicas = (cluster: SimulatedCluster): number | undefined => cluster.deployment?.object.spec.replicas;
const scaled = (scaling: SimulatedSpec["scaling"], more: Partial<SimulatedSpec> = {}): SimulatedSpec => ({
  text: "one",
  scaling: scaling!,
  ...more,
});
const upTo12 = scaled({ min: 1, max: 12 });
const fromZero = scaled({ min: 0, max: 12 });

/** Turns of everybody, ten seconds each, as reports come. */
function live(cluster: SimulatedCluster, seconds: number): void {
  for (let passed = 0; passed < seconds; passed += 10) {
    cluster.operate();
    cluster.control();
    cluster.run();
    cluster.pass(10);
  }
  cluster.run();
  cluster.operate();
}

/** A pipeline that has gone to sleep. */
function sleeping(): SimulatedCluster {
  const cluster = runningCluster(fromZero);
  live(cluster, 900);
  expect(replicas(cluster)).toBe(0);
  expect(cluster.sleeps).toBe(true);
  return cluster;
}

describe("a pipeline with scaling", () => {
  test("begins with the fewest pods it may have, and says what it decides from", () => {
    const cluster = runningCluster(scaled({ min: 2, max: 12 }));
    expect(cluster.status).toMatchObject({
      pods: "2/2",
      scaling: { replicas: 2, bounds: { min: 2, max: 12 } },
    });
    expect(cluster.condition("Scaling")).toBe("True Minimum");
    expect(reasons(cluster)).toEqual(["RollingOut", "RolledOut"]);
  });

  test("costs no write while nothing arrives", () => {
    const cluster = runningCluster(upTo12);
    const plan = decide(cluster.observed()!, settings);
    cluster.pass(86_400);
    cluster.run();
    expect(cluster.operate()).toBe(0);
    expect(plan.requeueAfterMs).toBe(null);
  });

  test("gets more pods when more arrives than one carries, with an event, the number first and the status after", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    cluster.writes = [];
    live(cluster, 600);
    expect(replicas(cluster)).toBeGreaterThanOrEqual(4);
    expect(cluster.status.lag?.records).toBeLessThan(300 * 60);
    const first = cluster.writes.indexOf("apply Deployment pipeline-orders");
    expect(cluster.writes[first + 1]).toBe("status");
    expect(reasons(cluster)).toContain("ScaledUp");
    expect(cluster.happenings.find(({ reason }) => reason === "ScaledUp")?.note).toMatch(/^from 1 to \d+ pods \(\w+\): /);
    expect(cluster.status.scaling?.decisions?.at(-1)).toMatchObject({ from: 1 });
    expect(cluster.status.scaling?.terms?.arrivalsPerSecond).toBe(300);
  });

  test("gets fewer when fewer have been enough for long, and says so before it takes them", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 600);
    const many = replicas(cluster)!;
    cluster.source = { ...cluster.source, arrivalsPerSecond: 50 };
    live(cluster, 200);
    expect(replicas(cluster)).toBe(many);
    cluster.writes = [];
    live(cluster, 900);
    expect(replicas(cluster)).toBeLessThan(many);
    const first = cluster.writes.indexOf("apply Deployment pipeline-orders");
    expect(cluster.writes[first - 1]).toBe("status");
    expect(reasons(cluster)).toContain("ScaledDown");
  });

  test("keeps its pods when the operator starts again, dies at any write, or has lost the status", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 600);
    const many = replicas(cluster)!;
    cluster.restartOperator();
    live(cluster, 30);
    expect(replicas(cluster)).toBe(many);
    cluster.pipeline!.status = {};
    cluster.restartOperator();
    live(cluster, 30);
    expect(replicas(cluster)).toBe(many);
    // The Deployment is lost, and the status knows how many there were.
    cluster.deployment = null;
    cluster.operate();
    expect(replicas(cluster)).toBe(many);
  });

  test("is not scaled while it rolls, and rolls with as many pods as it had", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 600);
    const many = replicas(cluster);
    cluster.apply({ ...upTo12, fate: "slow" });
    cluster.source = { ...cluster.source, arrivalsPerSecond: 5_000 };
    for (let turn = 0; turn < 6; turn++) {
      live(cluster, 10);
      expect(replicas(cluster)).toBe(many);
    }
    expect(cluster.condition("Scaling")).toBe("True Settling");
    expect(cluster.condition("Progressing")).toBe("True RollingOut");
  });

  test("obeys other bounds at once", () => {
    const cluster = runningCluster(upTo12);
    cluster.apply(scaled({ min: 5, max: 12 }));
    cluster.operate();
    expect(replicas(cluster)).toBe(5);
    cluster.settle();
    cluster.apply(scaled({ min: 1, max: 3 }));
    cluster.operate();
    expect(replicas(cluster)).toBe(3);
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
  });

  test("takes the number of a window when it begins, and looks again at that moment", () => {
    // 08:00 to 18:00; the clock of these tests begins at midnight.
    const windows = [{ start: "0 8 * * *", end: "0 18 * * *", min: 4 }];
    const cluster = runningCluster(scaled({ min: 1, max: 12, windows }));
    expect(replicas(cluster)).toBe(1);
    const { requeueAfterMs } = decide(cluster.observed()!, settings);
    cluster.pass(requeueAfterMs! / 1000);
    expect(new Date(cluster.nowMs).toISOString()).toBe("2026-01-01T08:00:00.000Z");
    cluster.operate();
    expect(replicas(cluster)).toBe(4);
    cluster.operate();
    expect(cluster.status.scaling?.bounds?.window).toContain("0 8 * * *");
  });

  test("that was switched on begins with as many pods as ran, and switched off keeps to the spec", () => {
    const cluster = runningCluster({ text: "one", replicas: 5 });
    cluster.apply(upTo12);
    cluster.operate();
    expect(replicas(cluster)).toBe(5);
    cluster.apply({ text: "one", replicas: 2 });
    cluster.settle();
    expect(replicas(cluster)).toBe(2);
    expect(cluster.status.scaling).toBe(undefined);
    expect(cluster.condition("Scaling")).toBe("");
  });

  test("that is suspended ends all pods, and goes on with as many as it had", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 600);
    const many = replicas(cluster)!;
    cluster.source = { ...cluster.source, arrivalsPerSecond: 0 };
    cluster.apply({ ...upTo12, suspend: true });
    cluster.settle();
    expect(replicas(cluster)).toBe(0);
    expect(cluster.condition("Ready")).toBe("False Suspended");
    cluster.restartOperator();
    cluster.apply(upTo12);
    cluster.operate();
    expect(replicas(cluster)).toBe(many);
  });

  test("that only recommends leaves the pods as they are and tells no event", () => {
    const recommending = scaled({ min: 1, max: 12, mode: "recommend" });
    const cluster = runningCluster(recommending);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 300);
    expect(replicas(cluster)).toBe(1);
    expect(cluster.status.scaling?.replicas).toBeGreaterThan(1);
    expect(cluster.message("Scaling")).toMatch(/^recommends \d+ \(1 run\): /);
    expect(reasons(cluster)).not.toContain("ScaledUp");
    // Who recommends does not end the last pod, and does not mind another's number.
    cluster.deployment!.object = { ...cluster.deployment!.object, spec: { ...cluster.deployment!.object.spec, replicas: 7 } };
    cluster.operate();
    expect(replicas(cluster)).toBe(7);
  });

  test("says once that one partition is too much for a pod, and is Ready all the same", () => {
    const cluster = runningCluster(upTo12);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 180, partitions: 1 };
    live(cluster, 900);
    const told = reasons(cluster).filter((reason) => reason === "PartitionSkew" || reason === "Partitions");
    expect(cluster.condition("Scaling")).toMatch(/^False Partition(Skew|s)$/);
    expect(told.length).toBeLessThanOrEqual(1);
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(replicas(cluster)).toBe(1);
  });
});

describe("a pipeline that may have no pod", () => {
  test("runs one until its spec has shown that it works, then sleeps when nothing is left to read", () => {
    const cluster = new SimulatedCluster();
    cluster.apply(fromZero);
    cluster.operate();
    expect(replicas(cluster)).toBe(1);
    cluster.settle();
    expect(replicas(cluster)).toBe(0);
    expect(cluster.status).toMatchObject({ drained: true, pods: "0/0", scaling: { replicas: 0 } });
    expect(cluster.condition("Ready")).toBe("True Idle");
    expect(cluster.condition("Available")).toBe("True Idle");
    expect(cluster.status.lag).toEqual({ records: 0, seconds: 0 });
  });

  test("costs no write while it sleeps, also when the operator starts again", () => {
    const cluster = sleeping();
    // What pods that are gone had told is forgotten after minutes.
    cluster.departed = [];
    cluster.pass(86_400);
    cluster.operate();
    expect(cluster.operate()).toBe(0);
    cluster.restartOperator();
    cluster.pass(120);
    expect(cluster.operate()).toBe(0);
    expect(cluster.operate()).toBe(0);
  });

  test("wakes with as many pods as are needed, and its lag is what waits at the source", () => {
    const cluster = runningCluster(fromZero);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300 };
    live(cluster, 600);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 0 };
    live(cluster, 1_800);
    expect(replicas(cluster)).toBe(0);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 300, lagRecords: 9_000 };
    cluster.operate();
    expect(cluster.status.lag).toMatchObject({ records: 9_000 });
    expect(replicas(cluster)).toBeGreaterThanOrEqual(4);
    expect(cluster.happenings.at(-1)).toMatchObject({ reason: "ScaledUp" });
    live(cluster, 300);
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(cluster.sleeps).toBe(false);
  });

  test("does not sleep before its last pod has ended, and asks nothing of its source until then", () => {
    const cluster = new SimulatedCluster();
    cluster.source = { ...cluster.source, arrivalsPerSecond: 50 };
    cluster.apply(fromZero);
    live(cluster, 300);
    cluster.source = { ...cluster.source, arrivalsPerSecond: 0 };
    while (replicas(cluster) !== 0) {
      cluster.run();
      cluster.operate();
      cluster.pass(60);
    }
    expect(cluster.sleeps).toBe(false);
    cluster.control();
    cluster.operate();
    expect(cluster.condition("Draining")).toBe("True PodsEnding");
    expect(cluster.sleeps).toBe(false);
    cluster.run();
    cluster.operate();
    expect(cluster.sleeps).toBe(true);
  });

  test("tells that its source cannot be looked at, leaves it at that, and has one pod look after five minutes", () => {
    const cluster = sleeping();
    cluster.blindness = { message: "broker 127.0.0.1:1 does not answer", sinceMs: cluster.nowMs };
    cluster.operate();
    expect(cluster.condition("Scaling")).toBe("False ProbeFailed");
    expect(cluster.message("Scaling")).toContain("broker 127.0.0.1:1 does not answer");
    expect(reasons(cluster).filter((reason) => reason === "ProbeFailed").length).toBe(1);
    expect(replicas(cluster)).toBe(0);
    expect(cluster.condition("Ready")).toBe("True Idle");
    expect(decide(cluster.observed()!, settings).requeueAfterMs).toBe(300_000);
    cluster.pass(301);
    cluster.operate();
    expect(replicas(cluster)).toBe(1);
    expect(reasons(cluster).filter((reason) => reason === "ProbeFailed").length).toBe(1);
  });

  test("proves another spec with a pod, and sleeps again", () => {
    const cluster = sleeping();
    cluster.apply({ ...fromZero, text: "two" });
    cluster.operate();
    expect(replicas(cluster)).toBe(1);
    expect(cluster.message("Scaling")).toContain("has yet to show that it works");
    live(cluster, 900);
    expect(replicas(cluster)).toBe(0);
    expect(cluster.status.runningGeneration).toBe(2);
  });

  test("that gets a bad spec goes back and sleeps on", () => {
    const cluster = sleeping();
    const good = cluster.status.provenRevision;
    cluster.apply({ ...fromZero, fate: "terminal" });
    cluster.settle();
    expect(cluster.condition("Progressing")).toBe("False RolloutFailed");
    expect(cluster.status).toMatchObject({ revision: good, scaling: { replicas: 0 } });
    expect(replicas(cluster)).toBe(0);
  });

  test("has one pod where the operator may not look at sources, and says why", () => {
    const cluster = new SimulatedCluster();
    cluster.settings = { ...settings, scaleToZero: false };
    cluster.apply(fromZero);
    cluster.settle();
    live(cluster, 900);
    expect(replicas(cluster)).toBe(1);
    expect(cluster.status.scaling?.bounds?.min).toBe(1);
    expect(cluster.message("Scaling")).toContain("autoscaling.scaleToZero.enabled");
  });

  test("that is woken by an operator that dies before it could say so is woken once", () => {
    const cluster = sleeping();
    cluster.source = { ...cluster.source, lagRecords: 50 };
    expect(() => cluster.operate(1)).toThrow(Killed);
    expect(replicas(cluster)).toBe(1);
    live(cluster, 60);
    expect(replicas(cluster)).toBe(1);
    expect(cluster.status.scaling?.decisions?.[0]).toMatchObject({ from: 0, to: 1 });
    expect(cluster.condition("Ready")).toBe("True Running");
  });
});
