import { describe, expect, test } from "vitest";
import { runningCluster as running, SimulatedCluster } from "./simulated-cluster.ts";

describe("no pod is wanted", () => {
  test("suspend ends the pods and says when it has drained; resume goes on", () => {
    const cluster = running();
    cluster.writes = [];
    cluster.apply({ text: "one", suspend: true });
    cluster.operate();
    expect(cluster.writes.slice(-2)).toEqual(["status", "apply Deployment pipeline-orders"]);
    expect(cluster.status.drained).toBe(false);
    cluster.control();
    cluster.operate();
    expect(cluster.condition("Draining")).toBe("True PodsEnding");
    cluster.settle();
    expect(cluster.status.drained).toBe(true);
    expect(cluster.condition("Draining")).toBe("False Drained");
    expect(cluster.condition("Ready")).toBe("False Suspended");
    cluster.apply({ text: "one" });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(cluster.status.drained).toBeUndefined();
    expect(cluster.condition("Draining")).toBe("");
  });

  test("a pod that was killed before it had loaded is told, until pods run again", () => {
    const cluster = running();
    cluster.apply({ text: "one", suspend: true });
    cluster.operate();
    cluster.control();
    cluster.run(137);
    cluster.settle();
    cluster.departed = [];
    cluster.settle();
    expect(cluster.status.drained).toBe(false);
    expect(cluster.condition("Draining")).toBe("False KilledBeforeLoaded");
    expect(cluster.message("Draining")).toContain("ended with code 137");
  });

  test("a pod that ended in order but gave up what it had read is told as well", () => {
    const cluster = running();
    cluster.apply({ text: "one", suspend: true });
    cluster.operate();
    cluster.control();
    cluster.run();
    cluster.departed = cluster.departed.map((pod) => ({ ...pod, ended: { ...pod.ended!, reason: "NotDrained" } }));
    cluster.settle();
    expect(cluster.condition("Draining")).toBe("False KilledBeforeLoaded");
  });

  test("a pod on a node that is gone is told with what to do", () => {
    const cluster = running();
    cluster.apply({ text: "one", suspend: true });
    cluster.operate();
    cluster.control();
    cluster.pass(200);
    cluster.operate();
    expect(cluster.condition("Draining")).toBe("True PodsOverdue");
    expect(cluster.message("Draining")).toContain("kubectl delete pod --force");
  });

  test("a spec that changes meanwhile is tried only once pods run", () => {
    const cluster = running();
    cluster.apply({ text: "one", suspend: true });
    cluster.settle();
    const good = cluster.status.provenRevision;
    cluster.apply({ fate: "terminal", suspend: true });
    cluster.settle();
    cluster.pass(10_000);
    cluster.settle();
    expect(cluster.status.provenRevision).toBe(good);
    expect(cluster.status.failedRollout).toBeUndefined();
    cluster.apply({ fate: "terminal" });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("False RolloutFailed");
    expect(cluster.status).toMatchObject({ revision: good, pods: "1/1" });
  });

  test("replicas 0 says how to get pods again", () => {
    const cluster = running();
    cluster.apply({ replicas: 0 });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("False ScaledToZero");
    expect(cluster.message("Ready")).toContain("kubectl scale");
  });
});

describe("a Pipeline that is deleted", () => {
  test("drains before it goes, and nothing is left", () => {
    const cluster = running();
    cluster.delete();
    cluster.operate();
    expect(cluster.condition("Ready")).toBe("False Deleting");
    cluster.control();
    cluster.operate();
    expect(cluster.pipeline).not.toBe(null);
    cluster.settle();
    expect(cluster.pipeline).toBe(null);
    expect(cluster.pods).toEqual([]);
  });

  test("does not go while its Deployment may yet make a pod", () => {
    const cluster = running();
    cluster.evict();
    cluster.run();
    expect(cluster.pods).toEqual([]);
    cluster.delete();
    cluster.operate();
    cluster.operate();
    expect(cluster.pipeline).not.toBe(null);
    cluster.settle();
    expect(cluster.pipeline).toBe(null);
  });

  test("goes at once where nothing ever ran", () => {
    const cluster = new SimulatedCluster();
    cluster.apply({ fate: "invalid" });
    cluster.settle();
    cluster.delete();
    expect(cluster.pipeline).toBe(null);
  });

  test("goes though its spec is invalid by now and its revision was deleted", () => {
    const cluster = running();
    cluster.apply({ fate: "invalid" });
    cluster.settle();
    cluster.children.clear();
    cluster.delete();
    cluster.operate();
    cluster.control();
    cluster.departed = [];
    cluster.pods = [];
    cluster.settle();
    expect(cluster.pipeline).toBe(null);
  });
});
