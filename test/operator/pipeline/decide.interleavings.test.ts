import { expect, test } from "vitest";
import { label } from "../../../operator/pipeline/names.ts";
import { type Random, seeded, seedOfRun } from "../../e2e/exactly-once/random.ts";
import { Killed, SimulatedCluster, type SimulatedSpec } from "./simulated-cluster.ts";

const scenarios = 120;
const stepsEach = 50;
const firstSeed = seedOfRun();

/** What an owner may write next. */
function anotherSpec(random: Random, spec: SimulatedSpec): SimulatedSpec {
  const { scaling: _scaling, replicas: _replicas, ...unscaled } = spec;
  switch (random.integer(0, 8)) {
    case 0:
      return { ...unscaled, replicas: random.integer(0, 3) };
    case 5:
    case 6:
      return { ...unscaled, scaling: { min: random.integer(0, 3), max: random.integer(3, 6), scaleDownAfterSeconds: 120 } };
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
    () => {
      const arrivalsPerSecond = random.pick([0, 0, 50, 150, 900]);
      const lagRecords = random.pick([0, 0, 100, 100_000]);
      cluster.source = { ...cluster.source, arrivalsPerSecond, lagRecords };
    },
    () => (cluster.blindness = random.pick([null, { message: "no broker answers", sinceMs: cluster.nowMs }])),
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

/** A turn of the operator scales to a number between the bounds, and never ends the last pod of what waits to be read. */
function scaleWithin(cluster: SimulatedCluster, random: Random): void {
  const before = cluster.deployment?.object.spec.replicas;
  operate(cluster, random);
  const { scaling, suspend } = cluster.pipeline?.spec ?? {};
  const now = cluster.deployment?.object.spec.replicas;
  if (scaling === undefined || suspend === true || now === before || now === undefined) return;
  expect(now).toBeGreaterThanOrEqual(scaling.min ?? 1);
  expect(now).toBeLessThanOrEqual(scaling.max);
  if (now === 0) expect(cluster.source.lagRecords).toBe(0);
}

/** Pods of a spec at rest, when nothing arrives. */
function wantedAtRest({ suspend, replicas, scaling }: SimulatedSpec, hasProven: boolean): number {
  if (suspend === true) return 0;
  return scaling === undefined ? (replicas ?? 1) : Math.max(scaling.min ?? 1, hasProven ? 0 : 1);
}

/** At rest there is what the spec says, and nothing else. */
function atRest(cluster: SimulatedCluster, spec: SimulatedSpec): void {
  const { status } = cluster;
  const wanted = wantedAtRest(spec, status.provenRevision !== undefined);
  const sleeps = wanted === 0 && spec.scaling !== undefined && spec.suspend !== true;
  const runs = spec.fate === undefined || spec.fate === "good";
  expect(cluster.revisions.length, "revisions kept").toBeLessThanOrEqual(3);
  if (spec.fate === "invalid") expect(cluster.condition("Ready")).toBe("False SpecInvalid");
  else if (spec.secret === null) expect(cluster.condition("Ready")).toBe("False ReferenceMissing");
  else if (wanted === 0 && !sleeps) expect(cluster.condition("Ready")).toMatch(/^False (Suspended|ScaledToZero|RolloutFailed)$/);
  else if (runs) {
    expect(cluster.condition("Ready")).toBe(sleeps ? "True Idle" : "True Running");
    expect(status).toMatchObject({ pods: `${wanted}/${wanted}`, runningGeneration: cluster.pipeline?.generation });
    expect(cluster.revisions).toEqual([status.revision]);
  } else expect(cluster.condition("Progressing")).toBe("False RolloutFailed");
  const alive = cluster.pods.filter(({ deleting }) => !deleting);
  // Pods that never become ready are no measure: their number stays as it was.
  const isStuck = status.provenRevision === undefined && spec.scaling !== undefined && spec.suspend !== true;
  if (isStuck && cluster.deployment !== null) expect(alive.length).toBeGreaterThanOrEqual(wanted);
  else expect(alive.length).toBe(cluster.deployment === null ? 0 : wanted);
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
      else if (random.integer(0, 2) > 0) scaleWithin(cluster, random);
      if (random.integer(0, 1) === 0) control(cluster);
      surroundings(cluster, random);
      nothingMissing(cluster);
    }
    cluster.warehouseUp = true;
    cluster.blindness = null;
    cluster.source = { ...cluster.source, arrivalsPerSecond: 0, lagRecords: 0 };
    cluster.settle();
    atRest(cluster, spec);
    cluster.delete();
    cluster.settle();
    expect([cluster.pipeline, cluster.deployment, cluster.children.size, cluster.pods]).toEqual([null, null, 0, []]);
  },
);
