import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { EngineStatus } from "../../../runtime/engine/report.ts";
import { health, stallSecondsMax } from "../../../runtime/http/health.ts";
import { startHttpServer } from "../../../runtime/http/http-server.ts";
import { settle } from "../engine/fakes/fake-clock.ts";
import { Stage } from "../engine/fakes/stage.ts";

test("the probes follow the pipeline from its start to its drain", async () => {
  const stage = new Stage();
  await using server = await startHttpServer({
    port: 0,
    host: "127.0.0.1",
    registry: stage.registry,
    status: () => stage.report.status(),
  });
  const get = async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(`${server.url}${path}`);
    return [response.status, await response.text()];
  };
  const probes = async (): Promise<number[]> => [
    (await get("/healthz/started"))[0],
    (await get("/healthz/ready"))[0],
    (await get("/healthz/live"))[0],
  ];

  expect(await probes()).toEqual([503, 503, 200]);
  stage.produce("orders/0", 3);
  const running = stage.run();
  await stage.clock.advance(5000);
  expect(await probes()).toEqual([200, 200, 200]);
  expect((await get("/metrics"))[1]).toContain("snowline_rows_loaded_total 3");
  expect(JSON.parse((await get("/status"))[1])).toMatchObject({
    pipeline: "default/orders",
    totals: { rowsLoaded: 3 },
    lag: { records: 0 },
  });
  expect(JSON.parse((await get("/status/brief"))[1])).toMatchObject({ splits: 1, proven: true, totals: { rowsLoaded: 3 } });
  expect((await get("/nothing"))[0]).toBe(404);
  expect((await fetch(`${server.url}/status`, { method: "POST" })).status).toBe(405);

  stage.sink.failures.push("before");
  stage.produce("orders/0", 3);
  await stage.clock.advance(5000);
  expect(await get("/healthz/ready")).toEqual([503, expect.stringContaining("warehouse: connection refused")]);
  await stage.clock.advance(1000);
  expect(await probes()).toEqual([200, 200, 200]);
  stage.stop.abort();
  await running;
  expect(await probes()).toEqual([200, 503, 200]);
});

test.each(["transform", "load"] as const)(
  "a %s that hangs fails the liveness probe after the bound, not before",
  async (hanging) => {
    const stage = new Stage();
    const gate = hanging === "transform" ? stage.transformer.gate : stage.sink.gate;
    gate.shut();
    stage.produce("orders/0", 100);
    const running = stage.run();
    await settle();
    await stage.clock.advance(stallSecondsMax * 1000);
    expect(health("live", stage.report.status()).ok).toBe(true);
    await stage.clock.advance(1000);
    expect(health("live", stage.report.status())).toEqual({
      ok: false,
      message: `stage ${hanging}: a call has not come back for ${stallSecondsMax + 1} s`,
    });
    expect(await stage.registry.metrics()).toContain(
      `snowline_stage_call_age_seconds{stage="${hanging}"} ${stallSecondsMax + 1}`,
    );
    gate.open();
    stage.stop.abort();
    await running;
  },
);

test("waiting for records, or for a connection, is no stall", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run();
  await stage.clock.advance(stallSecondsMax * 3000);
  expect(health("live", stage.report.status()).ok).toBe(true);
  for (let failure = 0; failure < 1000; failure++) stage.sink.failures.push("before");
  stage.produce("orders/0", 1);
  await stage.clock.advance(stallSecondsMax * 2000);
  expect(stage.condition("SinkReachable")?.status).toBe("False");
  expect(health("live", stage.report.status()).ok).toBe(true);
  stage.stop.abort();
  await stage.clock.advance(30_000);
  await running;
});

test("a port that is taken is named", async () => {
  const status = (): EngineStatus => new Stage().report.status();
  await using first = await startHttpServer({ port: 0, host: "127.0.0.1", registry: new Registry(), status });
  const port = Number(new URL(first.url).port);
  await expect(startHttpServer({ port, host: "127.0.0.1", registry: new Registry(), status })).rejects.toThrow(
    `metrics port ${port}: cannot listen`,
  );
});
