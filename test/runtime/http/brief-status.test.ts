import { expect, test } from "vitest";
import type { PodReport } from "../../../operator/pipeline/pod-report.ts";
import { parseReport } from "../../../operator/pipeline/parse-report.ts";
import { startHttpServer } from "../../../runtime/http/http-server.ts";
import { Stage } from "../engine/fakes/stage.ts";

test("what a pod tells is what the operator reads", async () => {
  const stage = new Stage();
  await using server = await startHttpServer({
    port: 0,
    host: "127.0.0.1",
    registry: stage.registry,
    status: () => stage.report.status(),
  });
  stage.source.splitsTotal = () => 3;
  stage.topics.add("orders/0");
  stage.topics.add("orders/1");
  stage.source.assign(["orders/0"]);
  const running = stage.run();
  for (let second = 0; second < 30; second++) {
    await stage.clock.advance(1000);
    stage.produce("orders/0", 10);
  }
  stage.source.assign(["orders/0", "orders/1"]);
  stage.produce("orders/0", 1);
  await stage.clock.advance(10_000);
  const text = await (await fetch(`${server.url}/status/brief`)).text();
  const told = {
    load: {
      busyFraction: expect.any(Number) as number,
      sinkWaitFraction: 0,
      recordsPerSecond: expect.closeTo(10, -1) as number,
    },
    arrivals: {
      recordsPerSecond: expect.closeTo(10, -1) as number,
      hottest: { split: "orders/0", recordsPerSecond: expect.closeTo(10, -1) as number },
    },
    splits: 2,
    splitsTotal: 3,
    rebalances: { count: 1, stallSeconds: 0 },
  } satisfies Partial<PodReport>;
  expect(JSON.parse(text)).toMatchObject(told);
  expect(parseReport(text, 7)).toMatchObject({ ...told, atMs: 7 });
  stage.stop.abort();
  await running;
});
