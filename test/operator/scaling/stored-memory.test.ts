import { describe, expect, it } from "vitest";
import { scalingStatus } from "../../../crds/kinds/scaling-status.ts";
import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import { type ScalingMemory, startMemory } from "../../../operator/scaling/scaling-memory.ts";
import { memoryFrom, storedCharsMax, storedMemory } from "../../../operator/scaling/stored-memory.ts";
import { after, beginMs, observed } from "./observations.ts";

/** As full as a memory gets. */
const full: ScalingMemory = {
  ...startMemory,
  capacity: {
    work: Array.from({ length: 9 }, (_, at) => 123_456.789 + at),
    wait: Array.from({ length: 9 }, (_, at) => 0.000_123_456_789 + at),
    idle: Array.from({ length: 9 }, (_, at) => 987_654_321.123 + at),
    atMs: beginMs,
  },
  rebalanceSeconds: 12.345_678_9,
  startSeconds: 34.567_891,
  replicas: 1_000,
  steps: Array.from({ length: 32 }, (_, at) => ({ atMs: beginMs + at * 60_000, from: 999, to: 1_000 })),
  block: { kind: "Ineffective", from: 999, to: 1_000, recordsPerSecond: 123_456.789, untilMs: beginMs + 1_800_000 },
  unread: true,
};

describe("a memory that is stored", () => {
  it("fits into the status however much there is to know", () => {
    expect(storedMemory(full).length).toBeLessThanOrEqual(storedCharsMax);
    expect(storedCharsMax).toBe(scalingStatus.json.properties?.["memory"]?.maxLength);
  });

  it("comes back as it was, but for digits that no measurement has", () => {
    const back = memoryFrom(storedMemory(full));
    expect(back).toMatchObject({
      rebalanceSeconds: 12.3457,
      startSeconds: 34.5679,
      replicas: 1_000,
      steps: full.steps,
      unread: true,
    });
    expect(back.capacity.work[0]).toBeCloseTo(full.capacity.work[0]!, 0);
    expect(back.block).toEqual({ ...full.block, recordsPerSecond: 123_457 });
    expect(storedMemory(back)).toBe(storedMemory(full));
  });

  it("goes on after a restart: no step down before it has been seen for long enough, the same number up", () => {
    const low = { replicas: 12, arrivals: 1_900 };
    const before = after(290, startMemory, low);
    const restarted = memoryFrom(storedMemory(before.memory));
    expect(decideScaling(restarted, observed({ ...low, nowMs: beginMs + 60_000 })).decision.replicas).toBe(12);
    expect(after(290, restarted, { ...low, nowMs: beginMs + 400_000 }).decision.replicas).toBe(12);
    expect(after(420, restarted, { ...low, nowMs: beginMs + 500_000 }).decision.replicas).toBe(3);
    expect(decideScaling(restarted, observed({ replicas: 12, arrivals: 9_000 })).decision.replicas).toBe(12);
    const high = { replicas: 1, arrivals: 4_000, lagRecords: 500_000 };
    const knows = memoryFrom(storedMemory(after(60, startMemory, { replicas: 1, arrivals: 900 }).memory));
    expect(decideScaling(knows, observed(high)).decision.replicas).toBe(12);
  });

  it.each<readonly [string, string | undefined]>([
    ["none", undefined],
    ["an empty text", ""],
    ["no JSON", "{"],
    ["another version's", '{"v":2,"replicas":3}'],
    ["a list", "[1]"],
    ["null", "null"],
    ["a text that is too long", `{"v":1,"replicas":3,"x":"${"x".repeat(3_000)}"}`],
  ])("counts for nothing where it is %s", (_, text) => {
    expect(memoryFrom(text)).toEqual(startMemory);
  });

  it("counts as far as it is what it should be: whoever may write the status may write anything", () => {
    const text = JSON.stringify({
      v: 1,
      capacity: { work: [1_000, -1, "x", null, 0, 2_000], wait: 7, atMs: "now" },
      rebalanceSeconds: -3,
      replicas: 2.7,
      steps: [[1, 2, 3], [1, 2], "x", [1, -2, 3]],
      block: { kind: "Other", from: 1, to: 2, recordsPerSecond: 1, untilMs: 1 },
      unread: "yes",
    });
    expect(memoryFrom(text)).toEqual({
      ...startMemory,
      capacity: { work: [1_000, 2_000], wait: [], idle: [], atMs: 0 },
      replicas: 2,
      steps: [{ atMs: 1, from: 2, to: 3 }],
    });
    expect(memoryFrom(JSON.stringify({ v: 1, steps: Array.from({ length: 9_9 }, () => [1, 2, 3]) })).steps).toHaveLength(32);
  });
});
