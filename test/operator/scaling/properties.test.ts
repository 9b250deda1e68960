import { describe, expect, it } from "vitest";
import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import { type ScalingMemory, startMemory } from "../../../operator/scaling/scaling-memory.ts";
import type { ScalingObservation } from "../../../operator/scaling/scaling-observation.ts";
import { memoryFrom, storedMemory } from "../../../operator/scaling/stored-memory.ts";
import { simulate } from "../../bench/autoscaling/simulate.ts";
import { snowline } from "../../bench/autoscaling/snowline.ts";
import { seededNoise } from "../../bench/autoscaling/seeded-noise.ts";
import { podPerSecond, type Trace } from "../../bench/autoscaling/traces.ts";
import { seeded } from "../control/seeded.ts";
import { beginMs, type Group, observed } from "./observations.ts";

/** Courses that are tried: each of its own seed, which the failing assertion names. */
const courses = 60;
const looks = 80;

const among =
  (random: () => number) =>
  <T>(...choices: readonly T[]): T =>
    choices[Math.floor(random() * choices.length)]!;

/** Anything that pods and people may do. */
function anyGroup(random: () => number, replicas: number, nowMs: number): Group {
  const pick = among(random);
  const min = pick(0, 0, 1, 1, 3, 7);
  const arrivals = pick(0, 0, 0.02, 40, 900, 3_000, 9_000, 30_000);
  return {
    nowMs,
    replicas,
    partitions: pick(1, 3, 12, 12, 24),
    bounds: { min, max: min + pick(0, 1, 5, 20) || 1, window: null },
    targetLagSeconds: pick(1, 30, 60, 3_600),
    scaleDownAfterSeconds: pick(0, 60, 300, 3_600),
    arrivals,
    read: arrivals * pick(0, 0.3, 1, 1, 1.5),
    busy: pick(0, 0.01, 0.2, 0.6, 1),
    sinkWait: pick(0, 0, 0.4, 0.9),
    lagRecords: pick(0, 0, 1, 5_000, 800_000, 1e9),
    hottest: arrivals * pick(0, 0.1, 0.5, 1),
    stallSeconds: pick(0, 4, 90),
    ageMs: pick(0, 0, 5_000, 90_000),
    settled: pick(true, true, true, false),
    probe: pick(null, {
      lagRecords: pick(null, 0, 1, 1e7),
      partitions: 12,
      arrivalsPerSecond: pick(null, 0, 4_000),
      atMs: nowMs,
    }),
  };
}

/** What a course sees and decides, where each decision but some is carried out. */
function* course(seed: number): Generator<{ memory: ScalingMemory; observation: ScalingObservation }> {
  const random = seeded(seed);
  let memory = startMemory;
  let [replicas, nowMs] = [Math.floor(random() * 4), beginMs];
  for (let look = 0; look < looks; look++) {
    nowMs += among(random)(1_000, 10_000, 10_000, 70_000, 900_000);
    const observation = observed(anyGroup(random, replicas, nowMs));
    yield { memory, observation };
    const next = decideScaling(memory, observation);
    memory = random() < 0.05 ? memoryFrom(storedMemory(next.memory)) : next.memory;
    if (random() < 0.8) replicas = next.decision.replicas;
  }
}

const eachLook = (check: (at: { memory: ScalingMemory; observation: ScalingObservation }, seed: number) => void): void => {
  for (let seed = 1; seed <= courses; seed++) for (const at of course(seed)) check(at, seed);
};

describe("whatever pods tell", () => {
  it("the number lies within the bounds, and the sentence within what a status and a decision hold", () => {
    eachLook(({ memory, observation }, seed) => {
      const { decision } = decideScaling(memory, observation);
      expect(Number.isInteger(decision.replicas), `seed ${seed}`).toBe(true);
      expect(decision.replicas, `seed ${seed}`).toBeGreaterThanOrEqual(observation.bounds.min);
      expect(decision.replicas, `seed ${seed}`).toBeLessThanOrEqual(observation.bounds.max);
      expect(decision.message, `seed ${seed}`).toMatch(/^(?!.*(NaN|Infinity|undefined|null)).{10,512}$/);
      expect(decision.lookAgainMs ?? 0, `seed ${seed}`).toBeGreaterThanOrEqual(0);
      for (const term of Object.values(decision.terms)) expect(Number.isFinite(term), `seed ${seed}`).toBe(true);
    });
  });

  it("the same comes to the same, and nothing that was handed over is changed", () => {
    eachLook(({ memory, observation }, seed) => {
      const [memoryBefore, observationBefore] = [structuredClone(memory), structuredClone(observation)];
      const first = decideScaling(memory, observation);
      expect(decideScaling(memoryBefore, observationBefore), `seed ${seed}`).toEqual(first);
      expect([memory, observation], `seed ${seed}`).toEqual([memoryBefore, observationBefore]);
    });
  });

  it("pods that do not tell everything are never fewer for it", () => {
    eachLook(({ memory, observation }, seed) => {
      const { replicas, bounds, pods } = observation;
      if (pods.length === 0 || replicas > bounds.max) return;
      const { decision } = decideScaling(memory, { ...observation, pods: pods.slice(1) });
      expect(decision.replicas, `seed ${seed}`).toBeGreaterThanOrEqual(replicas);
    });
  });

  it("more lag is never answered by fewer pods", () => {
    eachLook(({ memory, observation }, seed) => {
      // What a step brought is judged only behind a lag, and a slow sink is tried in smaller steps: there more lag means more caution.
      const plain = { ...memory, watched: null, block: null };
      const lagged = {
        ...observation,
        pods: observation.pods.map((pod) => ({ ...pod, sinkWaitFraction: 0, lagRecords: pod.lagRecords! * 3 + 1_000 })),
      };
      const calm = { ...observation, pods: observation.pods.map((pod) => ({ ...pod, sinkWaitFraction: 0 })) };
      const [fewer, more] = [calm, lagged].map((one) => decideScaling(plain, one).decision.replicas);
      expect(more, `seed ${seed}`).toBeGreaterThanOrEqual(fewer!);
    });
  });

  it("what is stored of a memory is read as it was, and fits", () => {
    eachLook(({ memory }, seed) => {
      const text = storedMemory(memory);
      expect(text.length, `seed ${seed}`).toBeLessThanOrEqual(2_048);
      expect(storedMemory(memoryFrom(text)), `seed ${seed}`).toBe(text);
    });
  });

  it("a memory stays small over weeks", () => {
    for (const at of course(7)) {
      const { readings, enough, steps } = at.memory;
      expect(readings.length).toBeLessThanOrEqual(32);
      expect(enough.length).toBeLessThanOrEqual(32);
      expect(steps.length).toBeLessThanOrEqual(32);
    }
  });
});

/** An hour and a half of as much as nearly always fits, from any beginning. */
function constant(seed: number, waver: number): Trace {
  const random = seeded(seed);
  const partitions = 1 + Math.floor(random() * 30);
  const total = random() * 0.9 * partitions * podPerSecond;
  const backlog = random() < 0.5 ? 0 : random() * total * 1_200;
  const noise = seededNoise(seed, waver);
  return {
    name: `seed ${seed}`,
    what: `${Math.round(total)} records/s on ${partitions} partitions, ${Math.round(backlog)} records before`,
    seconds: 5_400,
    partitions,
    min: 1,
    arrivals: (second) => ((second === 0 ? backlog : 0) + total * noise(second)) / partitions,
    sinkPerSecond: () => Number.POSITIVE_INFINITY,
  };
}

/** Changes of the number of pods in the last part of a course, and how far behind it ended. */
function lastSteps(trace: Trace, seconds: number): { steps: number; lagSeconds: number } {
  let [steps, before, lag] = [0, -1, 0];
  simulate(trace, snowline, ({ second, replicas, lagSeconds }) => {
    if (second > trace.seconds - seconds && before >= 0 && replicas !== before) steps++;
    [before, lag] = [replicas, lagSeconds];
  });
  return { steps, lagSeconds: lag };
}

describe("under a constant load", () => {
  const seeds = Array.from({ length: 40 }, (_, at) => at + 1);

  it.each(seeds)("a number is found and kept, and nothing stays behind (seed %i)", (seed) => {
    const trace = constant(seed, 0);
    expect(lastSteps(trace, 2_400), trace.what).toEqual({
      steps: 0,
      lagSeconds: expect.toSatisfy((seconds: number) => seconds < 30) as number,
    });
  });

  it.each(seeds.slice(0, 20))("that wavers by a twentieth it is kept, too (seed %i)", (seed) => {
    const trace = constant(seed, 0.05);
    expect(lastSteps(trace, 2_400).steps, trace.what).toBeLessThanOrEqual(1);
  });
});
