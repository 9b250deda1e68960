import { describe, expect, it } from "vitest";
import { arrivingNow, withReading } from "../../../operator/scaling/arrival-trend.ts";
import type { Reading } from "../../../operator/scaling/scaling-memory.ts";

/** Readings every 10 seconds of an average over a minute of what arrives in each second. */
function readingsOf(arrivals: (second: number) => number, seconds: number): readonly Reading[] {
  let readings: readonly Reading[] = [];
  for (let second = 0; second <= seconds; second += 10) {
    let sum = 0;
    for (let back = 1; back <= 60; back++) sum += arrivals(second - back);
    readings = withReading(readings, {
      atMs: second * 1_000,
      arrivalsPerSecond: sum / 60,
      hottestPerSecond: sum / 120,
      recordsPerSecond: 0,
      busyFraction: 0,
      behind: false,
    });
  }
  return readings;
}

describe("what arrives just now", () => {
  const jump = (second: number): number => (second >= 120 ? 1_000 : 100);

  it("is what has come since the last reading, though the average shows a sixth of it", () => {
    const readings = readingsOf(jump, 130);
    expect(readings.at(-1)!.arrivalsPerSecond).toBeCloseTo(250);
    expect(arrivingNow(readings, 0)?.arrivalsPerSecond).toBeCloseTo(1_000);
    expect(arrivingNow(readings, 0)?.hottestPerSecond).toBeCloseTo(500);
  });

  it("stays so while the jump runs through the average, and is the average after it", () => {
    for (const seconds of [140, 150, 160, 170, 180, 190, 240])
      expect(arrivingNow(readingsOf(jump, seconds), 0)?.arrivalsPerSecond).toBeCloseTo(1_000);
  });

  it("is no less than the average while that falls", () => {
    const readings = readingsOf((second) => (second >= 120 ? 100 : 1_000), 140);
    expect(arrivingNow(readings, 0)?.arrivalsPerSecond).toBeCloseTo(readings.at(-1)!.arrivalsPerSecond);
  });

  it("is not known before there are readings of a minute since the last step", () => {
    expect(arrivingNow(readingsOf(jump, 50), 0)).toBeNull();
    expect(arrivingNow(readingsOf(jump, 130), 80_000)).toBeNull();
    expect(arrivingNow([], 0)).toBeNull();
  });

  it("is not known where readings are half a minute apart", () => {
    const readings = readingsOf(jump, 130);
    expect(arrivingNow([...readings.slice(0, -4), readings.at(-1)!], 0)).toBeNull();
  });

  it("is told by readings that are at least five seconds apart, of two minutes and a half", () => {
    const readings = readingsOf(jump, 600);
    expect(readings).toHaveLength(16);
    expect(withReading(readings, { ...readings.at(-1)!, atMs: 604_000 })).toBe(readings);
  });
});
