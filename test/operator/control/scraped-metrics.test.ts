import { expect, test } from "vitest";
import { type ScrapedMetric, textOf } from "../../../operator/control/scraped-metrics.ts";

const metric = (more: Partial<ScrapedMetric>): ScrapedMetric => ({
  name: "lag_records",
  help: "Not yet loaded.",
  type: "gauge",
  labelNames: ["topic"],
  samples: () => [],
  ...more,
});
const pageOf = (...metrics: readonly ScrapedMetric[]): string => [...textOf(metrics)].join("");

test("metrics are told one after the other, with what they are", () => {
  const lag = metric({ samples: () => [{ value: 7, labels: { topic: "a", partition: "0" } }] });
  const rows = metric({ name: "rows_total", type: "counter", samples: () => [{ value: 0.5, labels: {} }] });
  expect(pageOf(lag, rows, metric({ name: "none" }))).toBe(
    [
      "",
      "# HELP lag_records Not yet loaded.",
      "# TYPE lag_records gauge",
      'lag_records{topic="a",partition="0"} 7',
      "",
      "# HELP rows_total Not yet loaded.",
      "# TYPE rows_total counter",
      "rows_total{} 0.5",
      "",
      "# HELP none Not yet loaded.",
      "# TYPE none gauge",
      "",
    ].join("\n"),
  );
  expect(pageOf()).toBe("");
});

test("what has a meaning in the format is escaped", () => {
  const text = pageOf(metric({ help: 'a "b"\n\\', samples: () => [{ value: 1, labels: { topic: '"a"\n\\' } }] }));
  expect(text.split("\n")).toContain(String.raw`# HELP lag_records a "b"\n\\`);
  expect(text.split("\n")).toContain(String.raw`lag_records{topic="\"a\"\n\\"} 1`);
});

test("a page comes in parts, made one at a time", () => {
  let made = 0;
  const samples = function* () {
    for (; made < 10_000; made++) yield { value: made, labels: { topic: "a" } };
  };
  const parts = textOf([metric({ samples })])[Symbol.iterator]();
  const first = parts.next().value as string;
  expect(first.length).toBeGreaterThan(65_000);
  expect(first.length).toBeLessThan(66_000);
  expect(made).toBeLessThan(3_000);
  const rest = [...{ [Symbol.iterator]: () => parts }].join("");
  expect(rest.split("\n").at(-2)).toBe('lag_records{topic="a"} 9999');
});
