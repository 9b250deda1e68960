import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { type ScrapedMetric, textOf } from "../../operator/control/scraped-metrics.ts";
import { monitoringPrograms } from "./monitoring-programs.ts";

const { promtool } = await monitoringPrograms();

/** What promtool says of a page of metrics; empty: nothing. */
function complaints(page: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(promtool, ["check", "metrics"], (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin!.end(page);
  });
}

test("Prometheus reads what is written, whatever is in it", async () => {
  const metric: ScrapedMetric = {
    name: "shop_orders",
    help: 'Orders of the "shop"\nor of C:\\.',
    type: "gauge",
    labelNames: ["of"],
    samples: () =>
      [0.1, -7, 1e21, 1e-7, Infinity, -Infinity, Number.NaN].map((value) => ({
        value,
        labels: { of: `"${value}"\n\\`, at: "é{}" },
      })),
  };
  const total: ScrapedMetric = {
    ...metric,
    name: "shop_orders_total",
    type: "counter",
    samples: () => [{ value: 1, labels: {} }],
  };
  expect(await complaints([...textOf([metric, total])].join(""))).toBe("");
  expect(await complaints('# TYPE shop_orders gauge\nshop_orders{of="a"b"} 1\n')).not.toBe("");
});
