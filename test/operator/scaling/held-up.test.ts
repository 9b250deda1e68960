import { describe, expect, it } from "vitest";
import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import { type ScalingMemory, startMemory } from "../../../operator/scaling/scaling-memory.ts";
import type { ScalingPod } from "../../../operator/scaling/scaling-observation.ts";
import { after, beginMs, type Group, observed } from "./observations.ts";

const measured: ScalingMemory = { ...startMemory, capacity: { ...startMemory.capacity, work: [1_000] } };
const running = (replicas: number): ScalingMemory => ({ ...measured, replicas, settledSinceMs: beginMs - 3_600_000 });
/** Seconds after `beginMs`. */
const at = (seconds: number): number => beginMs + seconds * 1_000;

describe("a sink that takes no more", () => {
  const slow: Group = { arrivals: 3_000, read: 1_500, busy: 1, sinkWait: 0.8, lagRecords: 300_000, lagSeconds: 150 };

  it("gets twice as many pods once, to see whether it takes more from them", () => {
    const { decision } = after(120, running(3), { ...slow, replicas: 3 });
    expect(decision).toMatchObject({ replicas: 6, limiter: "Demand" });
    expect(decision.message).toMatch(
      /pods wait for the sink 80 % of the time, and it is to be seen whether more of them get more out of it/,
    );
  });

  const trial = (read: number) => {
    const before = after(120, running(3), { ...slow, replicas: 3 });
    return after(100, before.memory, { ...slow, replicas: 6, read, nowMs: at(110) });
  };

  it("gets no more once they got no more out of it, and the message says where to look", () => {
    const { decision, memory } = trial(1_550);
    expect(decision).toMatchObject({ replicas: 6, limiter: "SinkLimited" });
    expect(decision.message).toMatch(
      /going from 3 pods to 6 brought 1,550 records\/s in all: further ones would wait, too\. Look at the warehouse/,
    );
    expect(after(7_200, memory, { ...slow, replicas: 6, read: 1_550, nowMs: at(8_000) }).decision.replicas).toBe(6);
  });

  it("gets more where twice as many got nearly twice as much out of it", () => {
    expect(trial(2_800).decision).toMatchObject({ replicas: 12 });
  });

  it("gets more at once when it takes more again", () => {
    const held = trial(1_550);
    const freed = after(30, held.memory, { ...slow, replicas: 6, read: 5_800, sinkWait: 0.1, nowMs: at(150) });
    expect(freed.decision).toMatchObject({ replicas: 12 });
  });

  it("gets more when pods wait for it no longer, though they read no more yet", () => {
    const held = trial(1_550);
    const freed = after(10, held.memory, { ...slow, replicas: 6, read: 1_550, sinkWait: 0.1, nowMs: at(130) });
    expect(freed.decision).toMatchObject({ replicas: 12 });
  });

  it("keeps pods that keep up while each of them waits for it: fewer would fall behind", () => {
    const waiting: Group = { replicas: 6, arrivals: 2_000, busy: 0.3 };
    expect(after(900, running(6), { ...waiting, sinkWait: 0.8 }).decision).toMatchObject({ replicas: 6, limiter: "Demand" });
    expect(after(900, running(6), waiting).decision.replicas).toBe(3);
  });

  it("is recognised when fewer pods read as much", () => {
    const before = after(120, running(6), { ...slow, replicas: 6, bounds: { min: 1, max: 6, window: null } });
    const fewer = after(100, before.memory, { ...slow, replicas: 3, read: 1_450, nowMs: at(110) });
    expect(fewer.decision).toMatchObject({ replicas: 3, limiter: "SinkLimited" });
  });
});

describe("a step that brought nothing", () => {
  const behind: Group = { arrivals: 3_000, read: 1_500, busy: 0.9, lagRecords: 900_000, lagSeconds: 300 };
  const stepped = () => {
    const before = after(120, running(2), { ...behind, replicas: 2 });
    expect(before.decision.replicas).toBe(12);
    return after(100, before.memory, { ...behind, replicas: 12, read: 1_600, nowMs: at(110) });
  };

  it("is taken back, and told", () => {
    const { decision } = stepped();
    expect(decision).toMatchObject({ replicas: 2, limiter: "Ineffective" });
    expect(decision.message).toMatch(
      /2 pods: going from 2 pods to 12 brought 1,600 records\/s in all, next to no more than before/,
    );
  });

  it("is not tried again for half an hour, and then it is", () => {
    const back = stepped();
    const blocked = after(1_500, back.memory, { ...behind, replicas: 2, nowMs: at(1_700) });
    expect(blocked.decision).toMatchObject({ replicas: 2, limiter: "Ineffective" });
    expect(after(300, blocked.memory, { ...behind, replicas: 2, nowMs: at(2_100) }).decision).toMatchObject({ replicas: 12 });
  });

  it("is not taken back while a pod does not answer", () => {
    const before = after(120, running(2), { ...behind, replicas: 2 });
    const judgedAt = after(90, before.memory, { ...behind, replicas: 12, read: 1_600, nowMs: at(100) });
    const { pods, ...all } = observed({ ...behind, replicas: 12, read: 1_600, nowMs: at(105) });
    expect(judgedAt.decision).toMatchObject({ replicas: 2, limiter: "Ineffective" });
    const { decision } = decideScaling(judgedAt.memory, { ...all, pods: pods.slice(1) });
    expect(decision.replicas).toBe(12);
  });

  it("takes back itself and no more: a lag still keeps all other pods", () => {
    const back = stepped();
    const { decision } = after(600, back.memory, { ...behind, arrivals: 300, read: 1_500, replicas: 2, nowMs: at(800) });
    expect(decision.replicas).toBe(2);
  });

  it("is tried again at once when more is read than it brought", () => {
    const back = stepped();
    const more = after(20, back.memory, { ...behind, replicas: 2, read: 2_200, nowMs: at(200) });
    expect(more.decision).toMatchObject({ replicas: 12 });
  });

  it("is not blamed where it brought half of what it should", () => {
    const before = after(120, running(2), { ...behind, replicas: 2 });
    const { decision } = after(100, before.memory, { ...behind, replicas: 12, read: 5_500, nowMs: at(110) });
    expect(decision).toMatchObject({ replicas: 12, limiter: "Partitions" });
  });
});

describe("a partition that is too much for a pod", () => {
  it("gets a pod of its own where others would take it the room, and no further ones", () => {
    const hot: Group = { arrivals: 4_000, hottest: 1_300 };
    expect(after(20, running(6), { ...hot, replicas: 6 }).decision).toMatchObject({ replicas: 12 });
    const { decision } = after(20, running(12), { ...hot, replicas: 12 });
    expect(decision).toMatchObject({ replicas: 12, limiter: "PartitionSkew" });
    expect(decision.message).toMatch(
      /orders\/7 alone gets 1,300 records\/s, and a pod carries 1,000: further pods cannot share its work; spread its keys more evenly/,
    );
  });

  it("gets no pod of its own where the others are next to nothing", () => {
    const { decision } = after(20, running(2), { replicas: 2, arrivals: 1_320, hottest: 1_200 });
    expect(decision).toMatchObject({ replicas: 2, limiter: "PartitionSkew" });
  });

  it("is not said to be where all partitions get as much", () => {
    expect(after(20, running(12), { replicas: 12, arrivals: 14_000, hottest: 1_170 }).decision.limiter).toBe("Partitions");
  });

  it("is found by its lag where it is all that lags, though nobody says what arrives there", () => {
    const { pods, ...all } = observed({ replicas: 6, arrivals: 1_200 });
    const lagging: readonly ScalingPod[] = pods.map((pod, index) =>
      index === 0
        ? { ...pod, splits: 1, lagRecords: 500_000, lagSeconds: 900, busyFraction: 1, recordsPerSecond: 1_000 }
        : { ...pod, splits: index === 1 ? 3 : 2 },
    );
    const { decision } = decideScaling(running(6), { ...all, pods: lagging });
    expect(decision).toMatchObject({ replicas: 6, limiter: "PartitionSkew" });
    expect(decision.message).toMatch(/one pod with one partition is behind while the others have time to spare/);
  });
});

describe("a pod with several partitions that alone is behind", () => {
  it("is relieved by further pods: its partitions can be spread", () => {
    const { pods, ...all } = observed({ replicas: 4, arrivals: 1_200 });
    const lagging = pods.map((pod, index) =>
      index === 0 ? { ...pod, lagRecords: 500_000, lagSeconds: 900, busyFraction: 1, recordsPerSecond: 1_000 } : pod,
    );
    expect(decideScaling(running(4), { ...all, pods: lagging }).decision).toMatchObject({ replicas: 12, limiter: "Demand" });
  });
});

describe("the price of steps", () => {
  const steps = (count: number, from: number, to: number) =>
    Array.from({ length: count }, (_, index) => ({ atMs: at(-3_000 + index * 60), from, to }));
  const dear: ScalingMemory = { ...running(4), steps: steps(2, 3, 4), rebalanceSeconds: 36 };
  const group: Group = { replicas: 4, arrivals: 3_800, stallSeconds: 36 };

  it("holds a step up that no lag asks for, until the first of the hour is an hour ago", () => {
    const { decision } = decideScaling(dear, observed(group));
    expect(decision).toMatchObject({ replicas: 4, limiter: "RebalanceBudget", lookAgainMs: 600_000 });
    expect(decision.message).toMatch(
      /12 pods would do better, but the steps of the last hour have stopped the reading often enough: the next is in 10 minutes/,
    );
    expect(decideScaling(dear, observed({ ...group, nowMs: at(600) })).decision).toMatchObject({
      replicas: 12,
      limiter: "Demand",
    });
  });

  it("holds no step up that a lag asks for", () => {
    expect(decideScaling(dear, observed({ ...group, lagRecords: 300_000 })).decision.replicas).toBeGreaterThan(4);
  });

  it("holds a step down", () => {
    const low: Group = { ...group, arrivals: 900 };
    const { decision } = after(590, dear, { ...low, nowMs: at(590) });
    expect(decision).toMatchObject({ replicas: 4, limiter: "RebalanceBudget" });
    expect(decision.message).toMatch(/A longer scaleDownAfterSeconds makes fewer steps/);
  });

  it("allows one step an hour though it takes longer than all that is allowed", () => {
    const once: ScalingMemory = { ...running(4), rebalanceSeconds: 200 };
    expect(decideScaling(once, observed({ ...group, stallSeconds: 200 })).decision.replicas).toBe(12);
  });

  it("counts steps that others take, but none from or to no pod", () => {
    const moved = [4, 0, 3].reduce(
      (memory, replicas, index) => decideScaling(memory, observed({ replicas, nowMs: at(index * 10) })).memory,
      running(3),
    );
    expect(moved.steps).toEqual([{ atMs: at(0), from: 3, to: 4 }]);
  });

  it("is asked for in advance by the formula: a stop of a minute leaves as much to catch up as arrives meanwhile", () => {
    const { terms } = decideScaling(
      { ...running(3), rebalanceSeconds: 30 },
      observed({ replicas: 3, arrivals: 1_000, stallSeconds: 30 }),
    ).decision;
    expect(terms).toMatchObject({ rebalanceSeconds: 30, utilization: 0.85, arrivalsPerSecond: 1_000, demandPerSecond: 1_676 });
  });
});
