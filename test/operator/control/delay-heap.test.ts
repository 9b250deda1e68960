import { expect, test } from "vitest";
import { createDelayHeap } from "../../../operator/control/delay-heap.ts";
import { createFifo } from "../../../operator/control/fifo.ts";
import { seeded } from "./seeded.ts";

test("a heap gives what is due first, and a cleaned one what is left", () => {
  const random = seeded(1);
  const heap = createDelayHeap<number>();
  const all = Array.from({ length: 1000 }, () => Math.floor(random() * 500));
  for (const due of all) heap.push(due, due);
  const popAll = (): number[] => Array.from({ length: heap.size }, () => heap.pop()?.dueMs ?? -1);
  expect(heap.peek()?.dueMs).toBe(Math.min(...all));
  expect(popAll()).toEqual(all.toSorted((one, other) => one - other));
  expect([heap.pop(), heap.peek()]).toEqual([undefined, undefined]);
  for (const due of all) heap.push(due, due);
  heap.retain(({ dueMs }) => dueMs % 3 === 0);
  expect(popAll()).toEqual(all.filter((due) => due % 3 === 0).toSorted((one, other) => one - other));
});

test("a first-in-first-out queue keeps its order and its size over many thousands", () => {
  const fifo = createFifo<number>();
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 50; round++) {
    for (let times = 0; times < 300; times++) fifo.push(next++);
    for (let times = 0; times < 200; times++) expect(fifo.shift()).toBe(expected++);
    expect(fifo.size).toBe(next - expected);
  }
  while (fifo.size > 0) expect(fifo.shift()).toBe(expected++);
  expect([fifo.shift(), expected]).toEqual([undefined, next]);
});
