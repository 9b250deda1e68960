import { expect, test } from "vitest";
import { roundRobin } from "../../../../runtime/sources/kafka/round-robin.ts";

const dealt = (wishes: Readonly<Record<string, readonly string[]>>, counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    [...roundRobin(new Map(Object.entries(wishes)), new Map(Object.entries(counts)))].map(([member, topics]) => [
      member,
      Object.fromEntries(topics),
    ]),
  );

test("partitions are dealt out evenly, whatever the order of the members", () => {
  expect(dealt({ b: ["t"], a: ["t"] }, { t: 5 })).toEqual({ a: { t: [0, 2, 4] }, b: { t: [1, 3] } });
});

test("a member without a partition comes back with nothing", () => {
  expect(dealt({ a: ["t"], b: ["t"], c: ["t"] }, { t: 2 })).toEqual({ a: { t: [0] }, b: { t: [1] }, c: {} });
});

test("a partition goes only to who reads its topic", () => {
  expect(dealt({ a: ["t", "u"], b: ["u"] }, { t: 2, u: 2, nobodys: 1 })).toEqual({ a: { t: [0, 1], u: [1] }, b: { u: [0] } });
});
