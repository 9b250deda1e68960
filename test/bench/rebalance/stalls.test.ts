import { expect, test } from "vitest";
import { type Advance, stallsOf } from "./stalls.ts";

/** A record every second, read by the pods at these seconds. */
const read = (split: string, pod: number, seconds: readonly number[]): Advance[] =>
  seconds.map((second) => ({ split, pod, offset: second, atMs: second * 1000 }));

test("a stall is the longest time without a new record, and who read last says whether the partition moved", () => {
  const advances = [
    ...read("stays", 0, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ...read("moves", 0, [1, 2, 3]),
    // Read again by its next pod: no progress.
    ...[1, 2, 3].map((offset) => ({ split: "moves", pod: 1, offset, atMs: 6000 + offset })),
    ...read("moves", 1, [8, 9]),
    ...read("stops", 0, [1, 2]),
  ].toSorted((a, b) => a.atMs - b.atMs);
  expect(stallsOf(advances, { name: "1 -> 2", fromMs: 2500, toMs: 10_000 })).toEqual([
    { split: "stays", moved: false, seconds: 1 },
    { split: "moves", moved: true, seconds: 5 },
    { split: "stops", moved: true, seconds: 8 },
  ]);
});
