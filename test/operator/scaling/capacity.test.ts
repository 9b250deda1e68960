import { describe, expect, it } from "vitest";
import { capacityOf, withCapacity } from "../../../operator/scaling/capacity.ts";
import { type CapacitySamples, startMemory } from "../../../operator/scaling/scaling-memory.ts";
import type { ScalingPod } from "../../../operator/scaling/scaling-observation.ts";
import { beginMs, observed } from "./observations.ts";

interface Told {
  readonly rate: number;
  readonly busy: number;
  readonly wait?: number;
}
const podsOf = (told: readonly Told[], second: number): readonly ScalingPod[] =>
  observed({ replicas: told.length, nowMs: beginMs + second * 1_000 }).pods.map((pod, at) => ({
    ...pod,
    recordsPerSecond: told[at]!.rate,
    busyFraction: told[at]!.busy,
    sinkWaitFraction: told[at]!.wait ?? 0,
  }));
/** What is known after these rounds of reports, 10 seconds apart. */
const learned = (...rounds: readonly (readonly Told[])[]): CapacitySamples =>
  rounds.reduce((samples, told, at) => withCapacity(samples, podsOf(told, at * 10)), startMemory.capacity);

describe("what a pod carries", () => {
  it.each<readonly [string, readonly (readonly Told[])[], ReturnType<typeof capacityOf>]>([
    ["is unknown while pods do nothing", [[{ rate: 0, busy: 0 }]], null],
    ["is unknown while they work less than a fiftieth of the time", [[{ rate: 10, busy: 0.01 }]], null],
    [
      "is what they read by the part of the time that they work",
      [[{ rate: 500, busy: 0.5 }]],
      { perSecond: 1_000, quality: "work" },
    ],
    ["is guessed from pods with little to do", [[{ rate: 40, busy: 0.1 }]], { perSecond: 400, quality: "idle" }],
    [
      "is no guess any more once one has worked",
      [[{ rate: 40, busy: 0.1 }], [{ rate: 500, busy: 0.5 }]],
      { perSecond: 1_000, quality: "work" },
    ],
    [
      "is kept over times without work",
      [[{ rate: 500, busy: 0.5 }], [{ rate: 4, busy: 0.1 }]],
      { perSecond: 1_000, quality: "work" },
    ],
    [
      "counts the wait for the sink where nothing else is known",
      [[{ rate: 400, busy: 0.5, wait: 0.8 }]],
      { perSecond: 500, quality: "wait" },
    ],
    [
      "is not what pods read that wait for the sink, where it is known otherwise",
      [[{ rate: 500, busy: 0.5 }], [{ rate: 100, busy: 1, wait: 0.9 }]],
      { perSecond: 1_000, quality: "work" },
    ],
    [
      "is the median over pods",
      [
        [
          { rate: 500, busy: 0.5 },
          { rate: 550, busy: 0.5 },
          { rate: 50, busy: 0.9 },
        ],
      ],
      { perSecond: 1_000, quality: "work" },
    ],
  ])("%s", (_, rounds, wanted) => {
    expect(capacityOf(learned(...rounds))).toEqual(wanted);
  });

  it("bears four measurements of nine that are wrong, and follows when five are another", () => {
    const right: readonly Told[] = [{ rate: 500, busy: 0.5 }];
    const wrong: readonly Told[] = [{ rate: 10, busy: 0.9 }];
    expect(capacityOf(learned(right, wrong, right, wrong, right, wrong, right, wrong, right))?.perSecond).toBe(1_000);
    const half: readonly Told[] = [{ rate: 250, busy: 0.5 }];
    expect(
      capacityOf(learned(...Array.from({ length: 9 }, () => right), ...Array.from({ length: 5 }, () => half)))?.perSecond,
    ).toBe(500);
  });

  it("does not count the same reports twice", () => {
    const once = withCapacity(startMemory.capacity, podsOf([{ rate: 500, busy: 0.5 }], 0));
    expect(withCapacity(once, podsOf([{ rate: 900, busy: 0.5 }], 9))).toBe(once);
    expect(withCapacity(once, podsOf([{ rate: 900, busy: 0.5 }], 10)).work).toEqual([1_000, 1_800]);
  });
});
