import { expect, test } from "vitest";
import { specProblems } from "../../../operator/pipeline/spec-problems.ts";
import { orders, texts } from "./orders.ts";

const { signal } = new AbortController();

test("windows of the autoscaler and SQL are looked at together, since the webhook may not have been there", async () => {
  const windows = [{ start: "10 18 1 *", end: "0 18 * * *", min: 2 }];
  const { pipeline } = orders({ set: { "spec.scaling": { max: 4, windows } } });
  const sql = [{ path: "spec.transform.sql", message: "line 1: no" }];
  const found = texts(await specProblems(pipeline, async () => sql, signal));
  expect(found.length).toBe(2);
  expect(found[0]).toMatch(/^spec\.scaling\.windows\[0\]\.start: .*4 fields: write five/);
  expect(found[1]).toBe("spec.transform.sql: line 1: no");
});

test("a spec without windows is compiled, and nothing else", async () => {
  expect(await specProblems(orders().pipeline, async () => [], signal)).toEqual([]);
});
