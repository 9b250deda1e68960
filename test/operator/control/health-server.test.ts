import { Counter, Registry } from "prom-client";
import { expect, test } from "vitest";
import type { Check } from "../../../operator/control/health.ts";
import { startHealthServer } from "../../../operator/control/health-server.ts";

const well: Check = { name: "caches", check: () => null };
const ill: Check = { name: "certificate", check: () => "not served yet" };

async function start(ready: readonly Check[]) {
  const registry = new Registry();
  new Counter({ name: "a_total", help: "A.", registers: [registry] }).inc();
  const server = await startHealthServer({ host: "127.0.0.1", port: 0, registry, ready, live: [well] });
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

test("a port that is taken is named", async () => {
  await using run = await start([]);
  const port = Number(new URL(run.server.url).port);
  const options = { host: "127.0.0.1", port, registry: new Registry(), ready: [], live: [] };
  await expect(startHealthServer(options)).rejects.toThrow(`health port ${port}: cannot listen`);
});
