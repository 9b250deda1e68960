import { describe, expect, test } from "vitest";
import { type RowSamples, rowsWithin, sampled, sampleStepMs } from "../../../operator/pipeline/row-samples.ts";

const overSeconds = 600;
/** Samples after looks at these moments, in seconds, with as many rows a second. */
function watched(moments: readonly number[], perSecond: number): RowSamples {
  return moments.reduce<RowSamples>(
    (samples, second) => sampled(samples, { atMs: second * 1000, rows: second * perSecond }, overSeconds),
    [],
  );
}
const looks = (seconds: number, every: number): readonly number[] =>
  Array.from({ length: Math.floor(seconds / every) + 1 }, (_, at) => at * every);
const at = (second: number, rows: number) => ({ atMs: second * 1000, rows });

test("rows are counted only after a full window", () => {
  const before = watched(looks(590, 10), 3);
  expect(rowsWithin(before, at(590, 1770), overSeconds)).toBe(null);
  const after = watched(looks(600, 10), 3);
  expect(rowsWithin(after, at(600, 1800), overSeconds)).toBe(1800);
});

test("what was loaded before the window does not count", () => {
  const samples = watched(looks(6_000, 10), 3);
  expect(rowsWithin(samples, at(6_000, 18_000), overSeconds)).toBe(1_800);
});

test.each([1, 10, 60, 599])("with a look every %i s, no more is remembered than a window needs", (every) => {
  const samples = watched(looks(86_400, every), 3);
  expect(samples.length).toBeLessThanOrEqual(62);
  const end = samples.at(-1)!.atMs / 1000;
  const counted = rowsWithin(samples, at(end, end * 3), overSeconds)!;
  expect(counted).toBeGreaterThanOrEqual(1_800);
  expect(counted).toBeLessThanOrEqual(1_800 + 3 * Math.max(every, 10));
});

describe("the count begins anew", () => {
  test("where a sum has shrunk, which no sum does", () => {
    const samples = sampled(watched(looks(6_000, 10), 3), at(6_010, 5), overSeconds);
    expect(samples).toEqual([at(6_010, 5)]);
  });
  test("where the clock was set back", () => {
    const samples = sampled(watched(looks(6_000, 10), 3), at(10, 18_000), overSeconds);
    expect(samples).toEqual([at(10, 18_000)]);
  });
});

test("the window of a day is sampled every 24 minutes, the shortest as often as pods are asked", () => {
  expect(sampleStepMs(86_400)).toBe(1_440_000);
  expect(sampleStepMs(10)).toBe(10_000);
});
