import { describe, expect, it } from "vitest";
import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import type { Limiter, ScalingDecision } from "../../../operator/scaling/scaling-decision.ts";
import { type ScalingMemory, startMemory } from "../../../operator/scaling/scaling-memory.ts";
import { after, beginMs, type Group, observed } from "./observations.ts";

/** A pod carries 1,000 records/s, as far as is known. */
const measured: ScalingMemory = { ...startMemory, capacity: { ...startMemory.capacity, work: [1_000] } };
/** The same, and pods have run for an hour without a change. */
const running = (replicas: number): ScalingMemory => ({
  ...measured,
  replicas,
  settledSinceMs: beginMs - 3_600_000,
});
const decided = (memory: ScalingMemory, group: Group): ScalingDecision => decideScaling(memory, observed(group)).decision;

interface Row {
  readonly what: string;
  readonly memory: ScalingMemory;
  readonly group: Group;
  readonly replicas: number;
  readonly limiter: Limiter;
  readonly says?: RegExp;
}

describe("more pods", () => {
  const rows: readonly Row[] = [
    {
      what: "from one to all in one move where a pod is far behind",
      memory: running(1),
      group: { replicas: 1, arrivals: 3_000, read: 1_000, lagRecords: 900_000 },
      replicas: 12,
      limiter: "Partitions",
      says: /3,000 records\/s arrive, 5 minutes behind and 810,000 records are to be caught up; a pod carries 1,000/,
    },
    {
      what: "as many as what arrives asks for",
      memory: running(3),
      group: { replicas: 3, arrivals: 2_900 },
      replicas: 4,
      limiter: "Demand",
      says: /4 pods: 2,900 records\/s arrive, 0 seconds behind; a pod carries 1,000 records\/s; pods are to be 85 % used/,
    },
    {
      what: "none while pods are used as much as may be",
      memory: running(4),
      group: { replicas: 4, arrivals: 3_150 },
      replicas: 4,
      limiter: "Demand",
    },
    {
      what: "none where a peak waits less than the target allows",
      memory: running(4),
      group: { replicas: 4, arrivals: 3_000, lagRecords: 85_000 },
      replicas: 4,
      limiter: "Demand",
    },
    {
      what: "not above max, with what max is and who says so",
      memory: running(3),
      group: { replicas: 3, arrivals: 5_000, bounds: { min: 1, max: 5, window: "0 8 * * * to 0 18 * * * UTC" } },
      replicas: 4,
      limiter: "Maximum",
      says: /12 pods would do, but max is 5 in the window 0 8 \* \* \* to 0 18 \* \* \* UTC: raise it/,
    },
    {
      what: "not above max, where it is reached already",
      memory: running(4),
      group: { replicas: 4, arrivals: 5_000, bounds: { min: 1, max: 4, window: null } },
      replicas: 4,
      limiter: "Maximum",
    },
    {
      what: "not above the partitions",
      memory: running(3),
      group: { replicas: 3, arrivals: 9_000, partitions: 3 },
      replicas: 3,
      limiter: "Partitions",
      says: /the source has 3 partitions, and no partition is read by two pods/,
    },
    {
      what: "any number where nobody knows the partitions",
      memory: running(3),
      group: { replicas: 3, arrivals: 3_200, partitions: null },
      replicas: 5,
      limiter: "Demand",
    },
    {
      what: "none while pods start or end",
      memory: running(3),
      group: { replicas: 3, arrivals: 9_000, settled: false },
      replicas: 3,
      limiter: "Settling",
    },
    {
      what: "none for a number that was only measured on idle pods",
      memory: { ...running(2), capacity: { ...startMemory.capacity, idle: [500] } },
      group: { replicas: 2, arrivals: 1_000, busy: 0.01 },
      replicas: 2,
      limiter: "NotMeasured",
    },
    {
      what: "min at once, where fewer run",
      memory: running(1),
      group: { replicas: 1, arrivals: 100, bounds: { min: 3, max: 12, window: null } },
      replicas: 3,
      limiter: "Minimum",
    },
    {
      what: "more than min at once, where that is needed",
      memory: running(1),
      group: { replicas: 1, arrivals: 2_500, read: 1_000, bounds: { min: 2, max: 12, window: null } },
      replicas: 4,
      limiter: "Minimum",
    },
    {
      what: "max at once, where more run, even while pods start or end",
      memory: running(12),
      group: { replicas: 12, arrivals: 9_000, settled: false, bounds: { min: 1, max: 5, window: null } },
      replicas: 4,
      limiter: "Maximum",
    },
    {
      what: "min, though there are fewer partitions: the owner wants pods that stand by",
      memory: running(1),
      group: { replicas: 1, arrivals: 100, partitions: 1, bounds: { min: 2, max: 12, window: null } },
      replicas: 2,
      limiter: "Minimum",
    },
  ];
  it.each(rows)("$what", ({ memory, group, replicas, limiter, says = /./ }) => {
    const decision = decided(memory, group);
    expect(decision).toMatchObject({ replicas, limiter });
    expect(decision.message).toMatch(says);
  });

  it("six where twelve would mostly stand idle", () => {
    expect(decided(running(4), { replicas: 4, arrivals: 4_600 })).toMatchObject({ replicas: 6, limiter: "Demand" });
    expect(decided(running(4), { replicas: 4, arrivals: 5_500 })).toMatchObject({ replicas: 12, limiter: "Demand" });
  });

  it("before the target is missed where what arrives has jumped, though the average hardly shows it", () => {
    const calm = after(120, running(3), { replicas: 3, arrivals: 1_500 });
    const jumped: Group = {
      replicas: 3,
      nowMs: beginMs + 10_000,
      arrivals: 2_250,
      read: 1_700,
      lagRecords: 60_000,
      lagSeconds: 22,
    };
    expect(decideScaling(calm.memory, observed(jumped)).decision).toMatchObject({ replicas: 12 });
  });

  it("earlier where pods take long to start: how long is learned from each step up", () => {
    const stepped = after(40, after(20, running(3), { replicas: 3, arrivals: 1_500 }).memory, {
      replicas: 4,
      arrivals: 1_500,
      settled: false,
      nowMs: beginMs + 50_000,
    });
    const settled = decideScaling(stepped.memory, observed({ replicas: 4, arrivals: 1_500, nowMs: beginMs + 60_000 })).memory;
    expect(settled).toMatchObject({ startSeconds: 50, replicas: 4, steps: [{ atMs: beginMs + 10_000, from: 3, to: 4 }] });
  });

  it("none for a jump that the target has time for", () => {
    const calm = after(120, running(3), { replicas: 3, arrivals: 1_500, targetLagSeconds: 3_600 });
    const jumped: Group = { replicas: 3, nowMs: beginMs + 10_000, arrivals: 2_250, lagRecords: 60_000, targetLagSeconds: 3_600 };
    expect(decideScaling(calm.memory, observed(jumped)).decision).toMatchObject({ replicas: 3, limiter: "Demand" });
  });
});

describe("while it is not known what a pod carries", () => {
  it("waits for a measurement", () => {
    expect(decided(startMemory, { replicas: 2, arrivals: 0, lagRecords: 10, read: 0 })).toMatchObject({
      replicas: 2,
      limiter: "NotMeasured",
    });
  });

  it("measures pods that have run for a quarter of a minute, and goes where they are needed at once", () => {
    const { decision } = after(20, startMemory, { replicas: 1, arrivals: 4_000, read: 1_000, busy: 1, lagRecords: 60_000 });
    expect(decision).toMatchObject({ replicas: 6, limiter: "Demand" });
  });

  it("runs twice as many while the target is missed and pods do not say how much they work", () => {
    const { decision } = after(60, startMemory, { replicas: 2, arrivals: 4_000, read: 1_000, busy: 0, lagRecords: 900_000 });
    expect(decision).toMatchObject({ replicas: 4, limiter: "NotMeasured" });
    expect(decision.message).toMatch(/twice as many/);
  });
});

describe("fewer pods", () => {
  const low: Group = { replicas: 12, arrivals: 1_900 };

  it("once they have been enough for scaleDownAfterSeconds, and says until when it waits", () => {
    const waiting = after(280, running(12), low);
    expect(waiting.decision).toMatchObject({ replicas: 12, limiter: "Patience" });
    expect(waiting.decision.message).toMatch(/3 pods would do for now: they have to be enough for 5 minutes without a break/);
    const { lookAgainMs } = waiting.decision;
    expect(lookAgainMs).toBeGreaterThan(0);
    const due = decideScaling(waiting.memory, observed({ ...low, nowMs: beginMs + lookAgainMs! })).decision;
    expect(due).toMatchObject({ replicas: 3, limiter: "Demand" });
  });

  it("not below the greatest number that was needed meanwhile", () => {
    const before = after(200, running(12), low);
    const peak = after(10, before.memory, { ...low, arrivals: 4_000, nowMs: beginMs + 20_000 });
    const later = after(240, peak.memory, { ...low, nowMs: beginMs + 280_000 });
    expect(later.decision).toMatchObject({ replicas: 6, limiter: "Demand" });
  });

  it.each<readonly [string, Group, RegExp]>([
    ["pods start or end", { settled: false }, /pods start or end/],
    ["reports are out of date", { ageMs: 61_000 }, /12 of 12 pods have told nothing for a minute/],
  ])("none while %s", (_, group, says) => {
    const calm = after(400, running(12), low);
    const { decision } = decideScaling({ ...calm.memory, unsettledSinceMs: beginMs }, observed({ ...low, ...group }));
    expect(decision).toMatchObject({ replicas: 12, limiter: "Settling" });
    expect(decision.message).toMatch(says);
  });

  it("none while a pod does not answer, or a partition is read by none", () => {
    const calm = after(400, running(12), low);
    const all = observed(low);
    const silent = decideScaling(calm.memory, { ...all, pods: all.pods.slice(1) }).decision;
    expect(silent).toMatchObject({ replicas: 12, limiter: "Settling" });
    expect(silent.message).toMatch(/1 of 12 pods do not answer/);
    const unread = decideScaling(calm.memory, {
      ...all,
      pods: all.pods.map((pod, at) => (at === 0 ? { ...pod, splits: 0 } : pod)),
    });
    expect(unread.decision).toMatchObject({ replicas: 12, limiter: "Settling" });
  });

  it("none while there is something to catch up", () => {
    const calm = after(400, running(12), low);
    const { decision } = decideScaling(calm.memory, observed({ ...low, lagRecords: 60_000, busy: 0.9 }));
    expect(decision).toMatchObject({ replicas: 12, limiter: "CatchingUp" });
  });

  it("though there are pods that find no node for ten minutes, where those there are tell everything", () => {
    const stuck = after(700, running(12), { ...low, settled: false });
    expect(stuck.decision).toMatchObject({ replicas: 3, limiter: "Demand" });
  });

  it("at once with scaleDownAfterSeconds 0", () => {
    expect(decided(running(12), { ...low, scaleDownAfterSeconds: 0 })).toMatchObject({ replicas: 3, limiter: "Demand" });
  });

  it("down to min, and says that it is min", () => {
    const { decision } = after(600, running(2), { replicas: 2, arrivals: 100, bounds: { min: 2, max: 12, window: null } });
    expect(decision).toMatchObject({ replicas: 2, limiter: "Minimum" });
    expect(decision.message).toMatch(/min is 2 in scaling/);
  });

  it("where a lag comes from how seldom pods load, and says so", () => {
    const seldom: Group = { replicas: 6, arrivals: 600, busy: 0.1, lagRecords: 600_000, lagSeconds: 1_000 };
    const before = after(90, running(6), seldom);
    expect(before.decision.limiter).not.toBe("CatchingUp");
    expect(after(600, running(6), seldom).decision).toMatchObject({ replicas: 1 });
    const alone = after(600, running(1), { ...seldom, replicas: 1 }).decision;
    expect(alone).toMatchObject({ replicas: 1, limiter: "Demand" });
    expect(alone.message).toMatch(/they work 10 % of the time\. Load more often, or allow a greater targetLagSeconds/);
  });
});

describe("no pod", () => {
  const bounds = { min: 0, max: 12, window: null };
  const probe = (lagRecords: number | null, arrivalsPerSecond: number | null) => ({
    lagRecords,
    partitions: 12,
    arrivalsPerSecond,
    atMs: beginMs,
  });
  const none: Group = { replicas: 0, bounds, partitions: 12 };

  it("once nothing has arrived for scaleDownAfterSeconds and all is loaded", () => {
    const quiet: Group = { replicas: 2, bounds, arrivals: 0 };
    expect(after(200, running(2), quiet).decision).toMatchObject({ replicas: 2, limiter: "Patience" });
    expect(after(480, running(2), quiet).decision).toMatchObject({ replicas: 0, limiter: "Idle" });
  });

  it("never where min is 1, and one record a minute is not nothing", () => {
    expect(after(900, running(1), { replicas: 1, arrivals: 0 }).decision).toMatchObject({ replicas: 1, limiter: "Minimum" });
    expect(after(900, running(1), { replicas: 1, bounds, arrivals: 1 / 60 }).decision).toMatchObject({ replicas: 1 });
    expect(after(900, running(1), { replicas: 1, bounds, arrivals: 0, lagRecords: 1, lagSeconds: 5 }).decision).toMatchObject({
      replicas: 1,
    });
  });

  it.each<readonly [string, Group, Partial<ScalingDecision>]>([
    ["while there is nothing to load", { probe: probe(0, 0) }, { replicas: 0, limiter: "Idle" }],
    ["while nobody could ask the source", { probe: null! }, { replicas: 0, limiter: "Idle" }],
    ["but as many as are needed at once where much waits", { probe: probe(900_000, null) }, { replicas: 12, limiter: "Maximum" }],
    ["but as many as what arrives asks for", { probe: probe(45_000, 1_500) }, { replicas: 6, limiter: "Demand" }],
    ["but one where a single record waits", { probe: probe(1, 0.03) }, { replicas: 1, limiter: "Demand" }],
    ["but one where nothing was ever loaded", { probe: probe(null, 0) }, { replicas: 1, limiter: "NotMeasured" }],
    [
      "but no more than max",
      { probe: probe(9e6, 9_000), bounds: { min: 0, max: 3, window: null } },
      { replicas: 3, limiter: "Maximum" },
    ],
    [
      "but min where that is not 0 any more",
      { probe: probe(0, 0), bounds: { min: 2, max: 3, window: null } },
      { replicas: 2, limiter: "Minimum" },
    ],
  ])("%s", (_, group, wanted) => {
    expect(decided(measured, { ...none, ...group })).toMatchObject(wanted);
  });

  it("but one where nothing is known of what a pod carries", () => {
    expect(decided(startMemory, { ...none, probe: probe(900_000, 9_000) })).toMatchObject({
      replicas: 1,
      limiter: "NotMeasured",
    });
  });

  it("is not left and come back to for ever where nothing was ever loaded", () => {
    const begun = decideScaling(startMemory, observed({ ...none, probe: probe(null, 0) }));
    const idle = after(900, begun.memory, { replicas: 1, bounds, arrivals: 0, nowMs: beginMs + 1_000_000 });
    expect(idle.decision.replicas).toBe(1);
    const read = after(60, idle.memory, { replicas: 1, bounds, arrivals: 5, nowMs: beginMs + 1_100_000 });
    expect(after(900, read.memory, { replicas: 1, bounds, arrivals: 0, nowMs: beginMs + 2_100_000 }).decision.replicas).toBe(0);
  });
});
