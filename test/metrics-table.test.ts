import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentedMetrics } from "./metrics-table/documented-metrics.ts";
import { registeredMetrics } from "./metrics-table/registered-metrics.ts";

const root = join(import.meta.dirname, "..");

test("docs/metrics.md lists every metric that is registered, with its type and labels, and no other", async () => {
  const rows = documentedMetrics();
  const metrics = await registeredMetrics();
  expect(metrics.length).toBeGreaterThan(50);
  expect([...rows.keys()].toSorted()).toEqual(metrics.map(({ name }) => name).toSorted());
  for (const { name, type, labelNames } of metrics)
    expect({ name, ...rows.get(name) }).toMatchObject({ name, type, labels: [...labelNames] });
});

test("names end in their unit, and only counters in _total", () => {
  for (const [name, { type, unit }] of documentedMetrics()) {
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (unit.startsWith("seconds")) expect(name).toMatch(/_seconds(_total)?$/);
    if (unit === "bytes") expect(name).toMatch(/_bytes(_total)?$/);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/);
  }
});

test("no metric of the sources is missing in the registries that the table is held against", () => {
  const rows = documentedMetrics();
  const sources = globSync("{runtime,operator}/**/*.ts", { cwd: root }).map((path) => readFileSync(join(root, path), "utf8"));
  const named = sources.flatMap((text) => [
    ...text.matchAll(/"((?:snowline|operator|workqueue|controller_runtime|rest_client|leader_election)_[a-z_]+)"/g),
  ]);
  expect(named.length).toBeGreaterThan(50);
  expect(named.map(([, name]) => name!).filter((name) => !rows.has(name))).toEqual([]);
});
