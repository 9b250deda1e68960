import { describe, expect, it } from "vitest";
import { carriedBy, isOverfull, type Load, needOf } from "../../../operator/scaling/demand.ts";
import { partitionSteps, stepDownTo } from "../../../operator/scaling/partition-steps.ts";

const load = (part: Partial<Load>): Load => ({
  arrivalsPerSecond: 0,
  hottestPerSecond: 0,
  behindRecords: 0,
  catchUpSeconds: 60,
  rebalanceSeconds: 0,
  ...part,
});
const twelve = { perSecond: 1_000, partitions: 12 };

describe("numbers of pods that make a difference", () => {
  it.each<readonly [number, readonly number[]]>([
    [0, []],
    [1, [1]],
    [2, [1, 2]],
    [7, [1, 2, 3, 4, 7]],
    [10, [1, 2, 3, 4, 5, 10]],
    [12, [1, 2, 3, 4, 6, 12]],
    [24, [1, 2, 3, 4, 5, 6, 8, 12, 24]],
  ])("of %i partitions are %j", (partitions, wanted) => {
    expect(partitionSteps(partitions)).toEqual(wanted);
  });

  it("are those at which the fullest pod has fewer partitions than before, of any number of partitions", () => {
    for (let partitions = 1; partitions <= 300; partitions++) {
      const fullest = (pods: number): number => Math.ceil(partitions / pods);
      const wanted = Array.from({ length: partitions }, (_, at) => at + 1).filter(
        (pods) => pods === 1 || fullest(pods) < fullest(pods - 1),
      );
      expect(partitionSteps(partitions)).toEqual(wanted);
    }
  });

  it("are what a bound is taken down to", () => {
    expect([5, 11, 12, 13, 1, 0].map((pods) => stepDownTo(pods, 12))).toEqual([4, 6, 12, 12, 1, 0]);
    expect(stepDownTo(11, null)).toBe(11);
  });
});

describe("what a load needs", () => {
  it.each<readonly [string, Partial<Load>, number]>([
    ["one pod for nothing", {}, 1],
    ["one pod for as much as it may be full before a leap", { arrivalsPerSecond: 850 }, 1],
    ["two for a bit more", { arrivalsPerSecond: 851 }, 2],
    ["four for what fills four", { arrivalsPerSecond: 3_400 }, 4],
    ["six where four are too full", { arrivalsPerSecond: 3_401 }, 6],
    ["what catches up within a minute", { arrivalsPerSecond: 700, behindRecords: 120_000 }, 3],
    ["and the stop on the way there", { arrivalsPerSecond: 800, rebalanceSeconds: 12 }, 2],
    ["a stop of no more than the time to catch up", { arrivalsPerSecond: 800, rebalanceSeconds: 600 }, 2],
    ["all partitions apart where that is not enough", { arrivalsPerSecond: 20_000 }, 12],
  ])("is %s", (_, part, replicas) => {
    expect(needOf(load(part), twelve).replicas).toBe(replicas);
  });

  it("is arrivals / utilization + behind / catchUp + arrivals * rebalance / catchUp", () => {
    const need = needOf(load({ arrivalsPerSecond: 1_400, behindRecords: 60_000, rebalanceSeconds: 6 }), {
      perSecond: 1_000,
      partitions: null,
    });
    expect(need).toMatchObject({ utilization: 0.7, demandPerSecond: 2_000 + 1_000 + 140, replicas: 4 });
    expect(need.rawReplicas).toBeCloseTo(3.14);
  });

  it("leaves a band between full and too full, so that what arrives may waver", () => {
    for (let arrivals = 10; arrivals < 11_000; arrivals += 10) {
      const { replicas } = needOf(load({ arrivalsPerSecond: arrivals }), twelve);
      const more = load({ arrivalsPerSecond: arrivals * 1.09 });
      if (replicas < 12) expect(isOverfull(replicas, more, twelve), `${arrivals} records/s on ${replicas} pods`).toBe(false);
    }
  });

  it("spreads a hot partition's neighbours until they leave it room", () => {
    const hot = load({ arrivalsPerSecond: 1_800, hottestPerSecond: 700 });
    expect(needOf(load({ arrivalsPerSecond: 1_800 }), twelve).replicas).toBe(3);
    expect(needOf(hot, twelve)).toMatchObject({ replicas: 6, skewed: false });
    expect(isOverfull(3, hot, twelve)).toBe(true);
    expect(isOverfull(6, hot, twelve)).toBe(false);
    expect(needOf(load({ arrivalsPerSecond: 2_000, hottestPerSecond: 1_200 }), twelve)).toMatchObject({
      replicas: 12,
      skewed: true,
    });
  });

  it("is carried by the fullest pod's partitions", () => {
    expect([0, 1, 5, 6, 12, 20].map((pods) => carriedBy(pods, twelve))).toEqual([0, 1_000, 4_000, 6_000, 12_000, 12_000]);
    expect(carriedBy(5, { perSecond: 1_000, partitions: null })).toBe(5_000);
  });
});
