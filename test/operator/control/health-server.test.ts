import { Counter, Registry } from "prom-client";
import { expect, test } from "vitest";
import type { Check } from "../../../operator/control/health.ts";
import { startHealthServer } from "../../../operator/control/health-server.ts";
import type { ScrapedMetric } from "../../../operator/control/scraped-metrics.ts";

const well: Check = { name: "caches", check: () => null };
const ill: Check = { name: "certificate", check: () => "not served yet" };

async function start(ready: readonly Check[], scraped: () => readonly ScrapedMetric[] = () => []) {
  const registry = new Registry();
  new Counter({ name: "a_total", help: "A.", registers: [registry] }).inc();
  const server = await startHealthServer({ host: "127.0.0.1", port: 0, registry, scraped, ready, live: [well] });
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`${server.url}${path}`, { method });
    return { code: response.status, text: await response.text() };
  };
  return { server, get, [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose]() };
}

test("probes are answered as the API server answers its own", async () => {
  await using run = await start([well, ill]);
  expect(await run.get("/livez")).toEqual({ code: 200, text: "[+]caches ok\nlivez check passed\n" });
  expect(await run.get("/readyz")).toMatchObject({ code: 503 });
  expect(await run.get("/readyz/caches")).toEqual({ code: 200, text: "[+]caches ok\nreadyz check passed\n" });
  expect(await run.get("/readyz/certificate")).toMatchObject({ code: 503 });
});

test("metrics are served, anything else is not", async () => {
  await using run = await start([]);
  expect((await run.get("/metrics")).text).toContain("a_total 1");
  expect(await run.get("/readyz")).toMatchObject({ code: 200 });
  expect(await run.get("/readyz/nothing")).toMatchObject({ code: 404 });
  expect(await run.get("/")).toMatchObject({ code: 404 });
  expect(await run.get("/metrics", "POST")).toEqual({ code: 405, text: "only GET\n" });
});

function manyOf(samples: ScrapedMetric["samples"]): ScrapedMetric {
  return { name: "many", help: "Many.", type: "gauge", labelNames: ["of"], samples };
}

test("metrics are made anew for each scrape, and follow those of the registry", async () => {
  let value = 0;
  await using run = await start([], () => [manyOf(() => [{ value: ++value, labels: { of: "a" } }])]);
  for (const now of [1, 2])
    expect((await run.get("/metrics")).text).toBe(
      `# HELP a_total A.\n# TYPE a_total counter\na_total 1\n\n# HELP many Many.\n# TYPE many gauge\nmany{of="a"} ${now}\n`,
    );
  expect(await run.get("/metrics", "HEAD")).toEqual({ code: 200, text: "" });
  // Nothing was made for it.
  expect(value).toBe(2);
});

test("while a long page is made, all else has its turn", async () => {
  let turned = false;
  let told = 0;
  const samples = function* () {
    setImmediate(() => (turned = true));
    while (told < 100_000) {
      if (turned) return;
      yield { value: told++, labels: { of: "a" } };
    }
  };
  await using run = await start([], () => [manyOf(samples)]);
  const { text } = await run.get("/metrics");
  expect(text.endsWith(`many{of="a"} ${told - 1}\n`)).toBe(true);
  // Two parts of 64 kB at most.
  expect(told).toBeLessThan(10_000);
});

test("a page that cannot be made to its end does not look like one", async () => {
  const samples = function* () {
    yield { value: 1, labels: { of: "a" } };
    throw new Error("no more");
  };
  await using run = await start([], () => [manyOf(samples)]);
  await expect(run.get("/metrics")).rejects.toThrow("terminated");
  expect(await run.get("/livez")).toMatchObject({ code: 200 });
});

test("a port that is taken is named", async () => {
  await using run = await start([]);
  const port = Number(new URL(run.server.url).port);
  const options = { host: "127.0.0.1", port, registry: new Registry(), scraped: () => [], ready: [], live: [] };
  await expect(startHealthServer(options)).rejects.toThrow(`health port ${port}: cannot listen`);
});
