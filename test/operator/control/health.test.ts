import { expect, test } from "vitest";
import { judge, watchesAlive, workersMove } from "../../../operator/control/health.ts";

test("a probe says of each check how it went, and fails with any of them", () => {
  const well = { name: "caches", check: () => null };
  const ill = { name: "certificate", check: () => "not served yet" };
  expect(judge("readyz", [well])).toEqual({ ok: true, text: "[+]caches ok\nreadyz check passed\n" });
  expect(judge("readyz", [well, ill])).toEqual({
    ok: false,
    text: "[+]caches ok\n[-]certificate failed: not served yet\nreadyz check failed\n",
  });
  const broken = (): never => {
    throw new Error("broken");
  };
  expect(judge("livez", [{ name: "x", check: broken }]).text).toContain("[-]x failed: broken");
});

test.for([
  ["all heard lately", { pods: 1_000_000, secrets: 999_000 }, null],
  ["all silent: the API server is away", { pods: 0, secrets: 1 }, null],
  ["none watched", {}, null],
  ["one silent, the other not", { pods: 1_000_000, secrets: 99_999 }, "silent while others are not: secrets for 900 s"],
] as const)("watches: %s", ([, contacts, wrong]) => {
  const watches = Object.fromEntries(Object.entries(contacts).map(([name, lastMs]) => [name, { lastContactMs: () => lastMs }]));
  expect(watchesAlive(watches).check()).toBe(wrong);
});

test.for([
  [[], null],
  [[0.1, 89], null],
  [[0.1, 91], "a reconcile ignores its deadline: pipeline for 91 s"],
] as const)("workers at it for %j s under a deadline of 30 s: %s", ([runningSeconds, wrong]) => {
  expect(workersMove({ pipeline: { snapshot: () => ({ runningSeconds }), deadlineMs: 30_000 } }).check()).toBe(wrong);
});
