import { expect, test } from "vitest";
import { label } from "../../../operator/pipeline/names.ts";
import { type Random, seeded, seedOfRun } from "../../e2e/exactly-once/random.ts";
import { Killed, SimulatedCluster, type SimulatedSpec } from "./simulated-cluster.ts";

const scenarios = 120;
const stepsEach = 50;
const firstSeed = seedOfRun();

/** What an owner may write next. */
function anotherSpec(random: Random, spec: SimulatedSpec): SimulatedSpec {
  switch (random.integer(0, 6)) {
    case 0:
      return { ...spec, replicas: random.integer(0, 3) };
    case 1:
      return { ...spec, suspend: random.pick([true, false]) };
    case 2:
      return { ...spec, secret: random.pick(["1", "2", null]) };
    case 3:
      return { ...spec, roll: random.pick(["1", "2"]) };
    case 4:
      return { ...spec, fate: random.pick(["terminal", "slow", "image", "invalid"]) };
    default:
      return { ...spec, fate: "good", text: random.pick(["one", "two"]) };
  }
}

/** The operator takes a turn, and may be killed at one of its writes. */
function operate(cluster: SimulatedCluster, random: Random): void {
  try {
    cluster.operate(random.integer(0, 3) === 0 ? random.integer(0, 6) : undefined);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    // What it remembered of pods that were gone is lost with it.
    cluster.departed = [];
  }
}

const surroundings = (cluster: SimulatedCluster, random: Random): void => {
  const turns = [
    () => cluster.run(random.pick([0, 0, 137])),
    () => {
      // Nodes tell what happens in minutes, so that nothing is judged by what was long ago.
      cluster.run();
      cluster.pass(random.pick([1, 30, 700]));
      cluster.run();
    },
    () => cluster.evict(),
    () => (cluster.warehouseUp = random.pick([true, true, false])),
  ] as const;
  random.pick(turns)();
};

/** Everything a live pod or the Deployment may yet read is there. */
function nothingMissing(cluster: SimulatedCluster): void {
  const needed = cluster.pods.filter(({ deleting }) => !deleting).map(({ revision }) => revision);
  const template = cluster.deployment?.object.spec.template.metadata.labels[label.revision];
  const there = new Set(cluster.revisions);
  expect([...needed, ...(template === undefined ? [] : [template])].filter((revision) => !there.has(revision))).toEqual([]);
}

/** A turn of the controllers takes no ready pod away that is still wanted. */
function control(cluster: SimulatedCluster): void {
  const before = cluster.readyPods().length;
  const wanted = cluster.deployment?.object.spec.replicas ?? 0;
  cluster.control();
  expect(cluster.readyPods().length).toBeGreaterThanOrEqual(Math.min(before, wanted));
}

/** At rest there is what the spec says, and nothing else. */
function atRest(cluster: SimulatedCluster, spec: SimulatedSpec): void {
  const { status } = cluster;
  const wanted = spec.suspend === true ? 0 : (spec.replicas ?? 1);
  const runs = spec.fate === undefined || spec.fate === "good";
  expect(cluster.revisions.length, "revisions kept").toBeLessThanOrEqual(3);
  if (spec.fate === "invalid") expect(cluster.condition("Ready")).toBe("False SpecInvalid");
  else if (spec.secret === null) expect(cluster.condition("Ready")).toBe("False ReferenceMissing");
  else if (wanted === 0) expect(cluster.condition("Ready")).toMatch(/^False (Suspended|ScaledToZero|RolloutFailed)$/);
  else if (runs) {
    expect(cluster.condition("Ready")).toBe("True Running");
    expect(status).toMatchObject({ pods: `${wanted}/${wanted}`, runningGeneration: cluster.pipeline?.generation });
    expect(cluster.revisions).toEqual([status.revision]);
  } else expect(cluster.condition("Progressing")).toBe("False RolloutFailed");
  const alive = cluster.pods.filter(({ deleting }) => !deleting);
  expect(alive.length).toBe(cluster.deployment === null ? 0 : wanted);
  if (status.provenRevision !== undefined) expect(cluster.readyPods().length).toBe(wanted);
  cluster.pass(3600);
  expect(cluster.operate(), "writes at rest").toBe(0);
}

test.each(Array.from({ length: scenarios }, (_, index) => firstSeed + index))(
  "however owner, operator, Kubernetes and accidents take turns (SNOWLINE_SEED=%i), the cluster comes to be what the spec says",
  (seed) => {
    const random = seeded(seed);
    const cluster = new SimulatedCluster();
    let spec: SimulatedSpec = {};
    cluster.apply(spec);
    for (let step = 0; step < stepsEach; step++) {
      if (random.integer(0, 5) === 0) cluster.apply((spec = anotherSpec(random, spec)));
      else if (random.integer(0, 2) > 0) operate(cluster, random);
      if (random.integer(0, 1) === 0) control(cluster);
      surroundings(cluster, random);
      nothingMissing(cluster);
    }
    cluster.warehouseUp = true;
    cluster.settle();
    atRest(cluster, spec);
    cluster.delete();
    cluster.settle();
    expect([cluster.pipeline, cluster.deployment, cluster.children.size, cluster.pods]).toEqual([null, null, 0, []]);
  },
);
