import { expect, test } from "vitest";
import { settle } from "./fakes/fake-clock.ts";
import { Stage } from "./fakes/stage.ts";

test("lag counts what is not loaded, also what is read already", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 40);
  stage.topics.add("orders/1");
  const running = stage.run();
  await stage.clock.advance(4000);
  expect(stage.report.totals.recordsRead).toBe(40);
  expect(stage.report.status()).toMatchObject({ lag: { records: 40, seconds: 4, furthestBehind: { split: "orders/0" } } });
  await stage.clock.advance(1000);
  expect(stage.report.status().lag).toEqual({ records: 0, seconds: 0, furthestBehind: null });
  stage.produce("orders/0", 3);
  await stage.clock.advance(2000);
  const text = await stage.registry.metrics();
  expect(text).toContain('snowline_lag_records{topic="orders",partition="0"} 3');
  expect(text).toContain('snowline_lag_records{topic="orders",partition="1"} 0');
  expect(text).toContain('snowline_lag_seconds{topic="orders",partition="0"} 2');
  stage.stop.abort();
  await running;
});

test("what comes after a quiet night is as old as it is, not as the night was long", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 1);
  const running = stage.run();
  await stage.clock.advance(10_000);
  expect(stage.report.status().lag).toMatchObject({ records: 0 });
  await stage.clock.advance(8 * 3600 * 1000);
  stage.produce("orders/0", 1);
  await stage.clock.advance(3000);
  const { records, seconds } = stage.report.status().lag;
  expect(records).toBe(1);
  expect(seconds).toBeGreaterThanOrEqual(3);
  expect(seconds).toBeLessThanOrEqual(4);
  stage.stop.abort();
  await running;
});

test("rates are those of the last minute", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run();
  for (let second = 0; second < 60; second++) {
    stage.produce("orders/0", 10);
    await stage.clock.advance(1000);
  }
  expect(stage.report.status().rates.recordsPerSecond).toBeCloseTo(10, 0);
  expect(stage.report.status().rates.rowsPerSecond).toBeGreaterThan(8);
  await stage.clock.advance(62_000);
  expect(stage.report.status().rates).toMatchObject({ recordsPerSecond: 0, rowsPerSecond: 0 });
  stage.stop.abort();
  await running;
  await settle();
});
