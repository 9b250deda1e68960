import { expect, test } from "vitest";
import { arrivalsOf, type Ends, noteEnds } from "../../../runtime/engine/arrivals.ts";
import { Stage } from "./fakes/stage.ts";

/** Where the splits ended in each second, and what arrived by then. */
function arrivalsAfter(seconds: readonly Readonly<Record<string, number | null>>[]): ReturnType<typeof arrivalsOf> {
  let ends: Ends = new Map();
  for (const [second, at] of seconds.entries()) {
    const progress = Object.entries(at).map(([split, end]) => ({ split, at: 0, end, timestampMs: null }));
    ends = noteEnds(ends, progress, second * 1000);
  }
  return arrivalsOf(ends, Object.keys(seconds.at(-1) ?? {}).length);
}
const during = <T>(seconds: number, of: (second: number) => T): T[] => Array.from({ length: seconds }, (_, second) => of(second));

test.each([
  { name: "nothing is open", seconds: [{}], expected: { recordsPerSecond: 0, hottest: null } },
  { name: "no end is known", seconds: during(20, () => ({ a: null })), expected: { recordsPerSecond: null, hottest: null } },
  { name: "only one look was taken", seconds: [{ a: 5 }], expected: { recordsPerSecond: null, hottest: null } },
  { name: "nothing arrives", seconds: during(20, () => ({ a: 500 })), expected: { recordsPerSecond: 0, hottest: null } },
  {
    name: "two splits grow",
    seconds: during(31, (n) => ({ a: 1000 + 10 * n, b: 30 * n })),
    expected: { recordsPerSecond: 40, hottest: { split: "b", recordsPerSecond: 30 } },
  },
  {
    name: "only the last minute counts",
    seconds: during(200, (n) => ({ a: n < 100 ? 900 * n : 90_000 })),
    expected: { recordsPerSecond: 0, hottest: null },
  },
  {
    name: "a split was opened anew far ahead",
    seconds: during(40, (n) => (n < 20 ? { a: 10 * n } : { a: 10 * n, b: 1_000_000 + 2 * n })),
    expected: { recordsPerSecond: 12, hottest: { split: "a", recordsPerSecond: 10 } },
  },
  {
    name: "a split was opened this very second",
    seconds: during(40, (n) => (n < 39 ? { a: 10 * n } : { a: 10 * n, b: 7 })),
    expected: { recordsPerSecond: null, hottest: { split: "a", recordsPerSecond: 10 } },
  },
  {
    name: "a topic was made again and grows",
    seconds: during(41, (n) => ({ a: n < 20 ? 50_000 + n : 3 * (n - 20) })),
    expected: { recordsPerSecond: 3, hottest: { split: "a", recordsPerSecond: 3 } },
  },
  {
    name: "a split without a known end is left out",
    seconds: during(20, (n) => ({ a: 4 * n, b: null })),
    expected: { recordsPerSecond: 4, hottest: { split: "a", recordsPerSecond: 4 } },
  },
])("arrivals where $name", ({ seconds, expected }) => {
  const { recordsPerSecond, hottest } = arrivalsAfter(seconds);
  expect({ recordsPerSecond, hottest }).toEqual(expected);
});

test("few ends are kept of each split, however long it runs", () => {
  let ends: Ends = new Map();
  for (let second = 0; second < 1000; second++) {
    ends = noteEnds(ends, [{ split: "a", at: 0, end: second, timestampMs: null }], second * 1000);
  }
  expect(ends.get("a")!.length).toBeLessThan(16);
});

test("a pod tells what arrives, also while it cannot load", async () => {
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.topics.add("orders/0");
  stage.topics.add("orders/1");
  const running = stage.run();
  for (let second = 0; second < 90; second++) {
    await stage.clock.advance(1000);
    stage.produce("orders/0", 2);
    stage.produce("orders/1", 20);
  }
  const { arrivals } = stage.report.status();
  expect(arrivals.recordsPerSecond).toBeCloseTo(22, 0);
  expect(arrivals.hottest).toMatchObject({ split: "orders/1" });
  expect(await stage.registry.metrics()).toMatch(/^snowline_arrivals_per_second 2[12]/m);
  stage.stop.abort();
  stage.sink.gate.open();
  await running;
});

test("before a pod has its splits it does not know what arrives, and says so", async () => {
  const stage = new Stage();
  expect(stage.report.status().arrivals).toEqual({ recordsPerSecond: null, hottest: null });
  expect(await stage.registry.metrics()).not.toMatch(/^snowline_arrivals_per_second /m);
});
