import { expect, test } from "vitest";
import { type Counters, totalsAfter } from "../../../../operator/pipeline/status/totals.ts";

const pod = (uid: string, recordsRead: number, rowsLoaded = recordsRead, recordsRejected = 0): Counters => ({
  uid: `${uid}0000-0000`,
  totals: { recordsRead, rowsLoaded, recordsRejected },
});
const sums = ({ recordsRead, rowsLoaded, recordsRejected }: ReturnType<typeof totalsAfter>) => [
  recordsRead,
  rowsLoaded,
  recordsRejected,
];

test("sums are those of all pods, and the same again without news", () => {
  const once = totalsAfter(undefined, [pod("aaaa", 10, 8, 2), pod("bbbb", 5)], []);
  expect(sums(once)).toEqual([15, 13, 2]);
  expect(totalsAfter(once, [pod("bbbb", 5), pod("aaaa", 10, 8, 2)], [])).toEqual(once);
});

test("they go on from what was counted, as after a restart of the operator", () => {
  const before = totalsAfter(undefined, [pod("aaaa", 10)], []);
  expect(sums(totalsAfter(before, [pod("aaaa", 14)], []))).toEqual([14, 14, 0]);
});

test("a pod that goes leaves its part, and its successor counts from the beginning", () => {
  const before = totalsAfter(undefined, [pod("aaaa", 10)], []);
  const without = totalsAfter(before, [], []);
  expect(without).toEqual({ recordsRead: 10, rowsLoaded: 10, recordsRejected: 0 });
  expect(sums(totalsAfter(without, [pod("bbbb", 3)], []))).toEqual([13, 13, 0]);
});

test("a counter that began anew with its process adds what it has", () => {
  const before = totalsAfter(undefined, [pod("aaaa", 10)], []);
  expect(sums(totalsAfter(before, [pod("aaaa", 4)], []))).toEqual([14, 14, 0]);
});

test("a pod that does not answer for a while is not counted twice when it does again", () => {
  const before = totalsAfter(undefined, [pod("aaaa", 10), pod("bbbb", 1)], []);
  const silent = totalsAfter(before, [pod("bbbb", 2)], ["aaaa0000-0000"]);
  expect(sums(silent)).toEqual([12, 12, 0]);
  expect(sums(totalsAfter(silent, [pod("aaaa", 11), pod("bbbb", 2)], []))).toEqual([13, 13, 0]);
});

test("what is remembered is bounded, and with too many pods nothing is counted twice", () => {
  const many = Array.from({ length: 300 }, (_, at) => pod(String(1000 + at), 1));
  const before = totalsAfter(undefined, many, []);
  expect(before.recordsRead).toBe(300);
  expect(before.counted!.length).toBeLessThan(8192);
  expect(totalsAfter(before, many, []).recordsRead).toBe(300);
});

test("sums never shrink, whatever is told", () => {
  let totals = totalsAfter(undefined, [pod("aaaa", 100, 100, 5)], []);
  for (const told of [[pod("aaaa", 0)], [], [pod("bbbb", 7)], [pod("aaaa", 3), pod("bbbb", 1)]]) {
    const next = totalsAfter(totals, told, []);
    expect(next.recordsRead!).toBeGreaterThanOrEqual(totals.recordsRead!);
    expect(next.recordsRejected!).toBeGreaterThanOrEqual(totals.recordsRejected!);
    totals = next;
  }
});
