import { describe, expect, test } from "vitest";
import { decide } from "../../../operator/pipeline/decide.ts";
import { settings } from "./orders.ts";
import { runningCluster as running, SimulatedCluster } from "./simulated-cluster.ts";

const reasons = (cluster: SimulatedCluster): string[] => cluster.happenings.map(({ reason }) => reason);

describe("a Pipeline that is applied", () => {
  test("has its finalizer before anything runs, its Deployment last, and a status", () => {
    const cluster = new SimulatedCluster();
    cluster.apply({});
    cluster.operate();
    expect(cluster.writes).toEqual([
      "finalizer true",
      "apply ServiceAccount pipeline-orders",
      `apply ConfigMap pipeline-orders-${cluster.status.revision}`,
      "apply PodDisruptionBudget pipeline-orders",
      "apply NetworkPolicy pipeline-orders",
      "apply Deployment pipeline-orders",
      "status",
    ]);
    expect(cluster.condition("Ready")).toBe("Unknown RollingOut");
    expect(cluster.status.pods).toBe("0/1");
  });

  test("settles within ten requests, two of them events", () => {
    const cluster = running();
    expect(cluster.writes.length + cluster.happenings.length).toBeLessThanOrEqual(10);
    expect(reasons(cluster)).toEqual(["RollingOut", "RolledOut"]);
    expect(cluster.status).toMatchObject({ pods: "1/1", runningGeneration: 1, provenRevision: cluster.status.revision });
    expect(cluster.status.rolloutStartTime).toBeUndefined();
  });

  test("costs no write once it has settled", () => {
    const cluster = running();
    cluster.pass(86_400);
    expect(cluster.operate()).toBe(0);
  });

  test("with an invalid spec runs nothing, names the field, and runs once it is mended", () => {
    const cluster = new SimulatedCluster();
    cluster.apply({ fate: "invalid" });
    cluster.settle();
    expect(cluster.writes).toEqual(["status"]);
    expect(cluster.condition("Ready")).toBe("False SpecInvalid");
    expect(cluster.message("Ready")).toBe("spec.transform.sql: syntax error");
    cluster.apply({});
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
  });

  test("waits for a Secret that is not there, and says which and where it is named", () => {
    const cluster = new SimulatedCluster();
    cluster.apply({ secret: null });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("False ReferenceMissing");
    expect(cluster.message("Ready")).toBe(
      'Connection warehouse: spec.snowflake.auth.keyPair.privateKeyFrom: there is no Secret "snowflake-key" in namespace shop: create it, or name one that is there',
    );
    cluster.apply({ secret: "1" });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
  });

  test("that fails at once stays as it is, since there is nothing to go back to, and says why", () => {
    const cluster = new SimulatedCluster();
    cluster.apply({ fate: "terminal" });
    for (let turn = 0; turn < 5; turn++) {
      cluster.operate();
      cluster.control();
      cluster.run();
    }
    expect(cluster.condition("Progressing")).toBe("False RolloutFailed");
    expect(cluster.message("Progressing")).toContain("table ORDERS: is not there");
    expect(cluster.pods.length).toBe(1);
  });
});

describe("a change of the spec", () => {
  test("rolls beside the running pods and names what changed", () => {
    const cluster = running();
    const first = cluster.status.revision;
    cluster.apply({ text: "two" });
    cluster.settle();
    expect(cluster.status.revision).not.toBe(first);
    expect(cluster.happenings.at(-2)?.note).toContain(": spec.transform.sql");
    expect(cluster.status.runningGeneration).toBe(2);
    expect(cluster.revisions).toEqual([cluster.status.revision]);
  });

  test("is in the status before the Deployment is told", () => {
    const cluster = running();
    cluster.writes = [];
    cluster.apply({ text: "two" });
    cluster.operate();
    expect(cluster.writes.slice(-2)).toEqual(["status", "apply Deployment pipeline-orders"]);
  });

  test("that is invalid leaves the last good spec running, and a lost Deployment is made again", () => {
    const cluster = running();
    const { revision } = cluster.status;
    cluster.apply({ fate: "invalid" });
    cluster.deployment = null;
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("False SpecInvalid");
    expect(cluster.message("Ready")).toBe("spec.transform.sql: syntax error. Meanwhile the last good spec runs on");
    expect(cluster.status).toMatchObject({ revision, runningGeneration: 1, pods: "1/1" });
  });

  test.each([
    ["terminal", 1, "TableMissing", "table ORDERS: is not there"],
    ["image", 700, "ImagePullBackOff", "no such image: check spec.pod.image"],
    ["slow", 700, "DeadlineExceeded", "within 600 s"],
  ] as const)("whose pods are %s is taken back, once, with the reason", (fate, seconds, reason, message) => {
    const cluster = running({ text: "one", replicas: 2 });
    const good = cluster.status.revision;
    cluster.apply({ fate, replicas: 2 });
    for (let turn = 0; turn < 4; turn++) {
      cluster.operate();
      cluster.control();
      cluster.run();
      expect(cluster.readyPods().length).toBe(2);
    }
    cluster.pass(seconds);
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("False RolloutFailed");
    expect(cluster.condition("Available")).toBe("True PodsReady");
    expect(cluster.status).toMatchObject({ revision: good, provenRevision: good, runningGeneration: 1 });
    expect(cluster.status.failedRollout).toMatchObject({ generation: 2, reason });
    expect(cluster.message("Ready")).toContain(message);
    expect(reasons(cluster)).toEqual(["RollingOut", "RolledOut", "RollingOut", "RolloutFailed"]);
    expect(cluster.pods.every((pod) => pod.revision === good)).toBe(true);
    cluster.pass(3600);
    expect(cluster.operate()).toBe(0);
  });

  test("that was taken back is not tried again by scaling, but by the roll annotation and by a new Secret", () => {
    const cluster = running({ replicas: 1 });
    cluster.apply({ fate: "terminal", replicas: 1 });
    cluster.settle();
    const failed = cluster.status.failedRollout?.revision;
    cluster.apply({ fate: "terminal", replicas: 2 });
    cluster.settle();
    expect(cluster.status).toMatchObject({ failedRollout: { revision: failed }, pods: "2/2" });
    cluster.apply({ fate: "terminal", replicas: 2, roll: "again" });
    cluster.operate();
    expect(cluster.condition("Progressing")).toBe("True RollingOut");
    cluster.settle();
    expect(cluster.condition("Progressing")).toBe("False RolloutFailed");
    cluster.apply({ fate: "terminal", replicas: 2, roll: "again", secret: "2" });
    cluster.operate();
    expect(cluster.condition("Progressing")).toBe("True RollingOut");
  });

  test("that was taken back and is put right by its owner leaves no trace of it", () => {
    const cluster = running();
    cluster.apply({ fate: "terminal" });
    cluster.settle();
    cluster.apply({ text: "one" });
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(cluster.status.failedRollout).toBeUndefined();
    expect(cluster.revisions).toEqual([cluster.status.revision]);
  });

  test("is held while the pods of the last good spec fail as well, and goes on with a new deadline when they are well", () => {
    const cluster = running();
    cluster.warehouseUp = false;
    cluster.run();
    cluster.apply({ text: "two" });
    cluster.operate();
    // The Deployment ends the old pods that are not ready: keep it from its turn, so that they are there to compare with.
    cluster.pass(700);
    cluster.operate();
    expect(cluster.condition("Progressing")).toBe("Unknown RolloutHeld");
    expect(cluster.condition("Ready")).not.toBe("True Running");
    cluster.warehouseUp = true;
    cluster.run();
    cluster.operate();
    expect(cluster.condition("Progressing")).toBe("True RollingOut");
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
  });

  test("back to what has proven itself rolls out until no pod of the other spec is left", () => {
    const cluster = running();
    cluster.apply({ fate: "slow" });
    cluster.operate();
    cluster.control();
    cluster.run();
    cluster.apply({ text: "one" });
    cluster.operate();
    expect(cluster.condition("Ready")).toBe("Unknown RollingOut");
    expect(cluster.status.runningGeneration).toBe(1);
    cluster.control();
    cluster.operate();
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(cluster.status.runningGeneration).toBe(3);
  });

  test("of the replicas alone rolls nothing", () => {
    const cluster = running({ replicas: 1 });
    const { revision } = cluster.status;
    cluster.apply({ replicas: 3, text: "" });
    cluster.apply({ replicas: 3 });
    cluster.settle();
    cluster.apply({ replicas: 2 });
    cluster.settle();
    expect(cluster.status).toMatchObject({ revision, pods: "2/2" });
  });

  test("of a Secret rolls", () => {
    const cluster = running();
    cluster.apply({ text: "one", secret: "2" });
    cluster.settle();
    expect(cluster.happenings.at(-2)?.note).toContain("Secret snowflake-key");
  });

  test("of the operator rolls nothing, also when the pipeline is scaled, a ConfigMap is lost or a change is taken back by its owner", () => {
    const cluster = running({ text: "one", replicas: 1 });
    const { revision, image } = cluster.status;
    const template = cluster.deployment?.object.spec.template;
    cluster.settings = { ...settings, runtimeImage: "registry.example/snowline/runtime:9.9.9" };
    expect(cluster.operate()).toBe(0);
    cluster.apply({ text: "one", replicas: 2 });
    cluster.settle();
    cluster.children.delete(`ConfigMap/pipeline-orders-${revision}`);
    cluster.settle();
    cluster.apply({ text: "two", replicas: 2 });
    cluster.operate();
    cluster.apply({ text: "one", replicas: 2 });
    cluster.operate();
    expect(cluster.deployment?.object.spec.template).toEqual(template);
    cluster.settle();
    expect(cluster.deployment?.object.spec.template).toEqual(template);
    expect(cluster.status).toMatchObject({ revision, image });
    cluster.apply({ text: "one", replicas: 2, roll: "now" });
    cluster.settle();
    expect(cluster.status.image).toBe("registry.example/snowline/runtime:9.9.9");
  });
});

describe("a rollout", () => {
  test("with nothing to compare with is tried once more when the last good pods are well, and no more after that", () => {
    const cluster = running();
    cluster.apply({ text: "one", suspend: true });
    cluster.settle();
    cluster.apply({ fate: "slow" });
    cluster.operate();
    cluster.control();
    cluster.run();
    cluster.operate();
    cluster.pass(700);
    cluster.operate();
    expect(cluster.status.failedRollout).toMatchObject({ compared: false });
    expect(cluster.message("Progressing")).toContain("tried again once they are well");
    cluster.settle();
    expect(cluster.status.failedRollout).toMatchObject({ compared: true });
    const rolls = reasons(cluster).filter((reason) => reason === "RollingOut").length;
    cluster.pass(7_200);
    cluster.settle();
    expect(reasons(cluster).filter((reason) => reason === "RollingOut").length).toBe(rolls);
  });

  test("of which nobody has made a pod is not held against the change", () => {
    const cluster = running();
    cluster.apply({ text: "two" });
    cluster.operate();
    cluster.pass(7_200);
    cluster.operate();
    expect(cluster.condition("Progressing")).toBe("Unknown RolloutHeld");
    expect(cluster.message("Progressing")).toContain("kube-controller-manager");
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
  });

  test("of many pods has its deadline for each of them", () => {
    const cluster = running({ text: "one", replicas: 3 });
    cluster.apply({ text: "two", replicas: 3 });
    for (let pod = 0; pod < 6; pod++) {
      cluster.operate();
      cluster.control();
      cluster.pass(500);
      cluster.run();
    }
    cluster.settle();
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(reasons(cluster)).not.toContain("RolloutFailed");
  });
});

test("an object of the same name that is somebody else's is told with the fix", () => {
  const cluster = new SimulatedCluster();
  cluster.apply({});
  const plan = decide({ ...cluster.observed()!, obstacle: { kind: "foreign", object: "Deployment pipeline-orders" } }, settings);
  expect(plan.status.conditions?.[0]).toMatchObject({ type: "Ready", status: "False", reason: "NameConflict" });
  expect(plan.status.conditions?.[0]?.message).toContain("rename the Pipeline, or delete the Deployment");
  expect(plan.requeueAfterMs).toBe(30_000);
});

test("what the API server does not take is told in its own words, and tried again", () => {
  const cluster = new SimulatedCluster();
  cluster.apply({});
  const why = "spec.template.spec.tolerations[0].operator: Unsupported value";
  const plan = decide(
    { ...cluster.observed()!, obstacle: { kind: "refused", object: "Deployment pipeline-orders", why } },
    settings,
  );
  expect(plan.status.conditions?.[0]).toMatchObject({ type: "Ready", status: "False", reason: "ChildRefused" });
  expect(plan.status.conditions?.[0]?.message).toContain(why);
  expect(plan.requeueAfterMs).toBe(30_000);
});
