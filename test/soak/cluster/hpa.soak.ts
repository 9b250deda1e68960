import { expect, test } from "vitest";
import { startMetricsServer } from "../../cluster/metrics-server.ts";
import { openField, until } from "../../e2e/cluster/field.ts";
import { backlog, exampleObjects, order, ordersArrived, ordersPipeline } from "../../e2e/cluster/orders-example.ts";
import { podsWatched } from "../../e2e/cluster/pods-watched.ts";

const say = (line: string): void => console.log(line);
/** An autoscaler asks every 15 s, and metrics are of the 10 s before. */
const scalingTimeoutMs = 180_000;

test("an HPA on CPU scales the pipeline out and in, and the table has each record once", { timeout: 600_000 }, async () => {
  await using field = await openField();
  await using _metrics = await startMetricsServer(field.cluster, say);
  const topic = await field.topic({ partitions: 6, record: order });
  const pipeline = await ordersPipeline("hpa-cpu/pipeline.yaml", { field, topic });
  const [autoscaler] = await exampleObjects("hpa-cpu/hpa.yaml");
  const { behavior } = autoscaler!.spec as { behavior: { scaleDown: Record<string, unknown> } };
  behavior.scaleDown["stabilizationWindowSeconds"] = 10;
  await field.apply(pipeline, autoscaler!);
  await field.condition("orders", "Ready", "True");
  // As the example says: an autoscaler leaves alone what has no number yet.
  await field.kubectl("scale", "pipeline/orders", "--replicas=1");
  await topic.write(backlog);
  const stop = topic.writeSteadily(50);
  const watched = podsWatched(field, "orders");
  await until("more pods by CPU", async () => ((await watched.wanted()) > 1 ? true : undefined), scalingTimeoutMs);
  await until("the new pods to load", async () => ((await watched.ready()) > 1 ? true : undefined));
  expect(await field.kubectl("top", "pods")).toMatch(/pipeline-orders-\S+ +\d+m/);
  await stop();
  // Applied again, the manifest leaves the number as it is.
  expect(await field.apply(pipeline)).toContain("unchanged");
  await ordersArrived(field, topic, scalingTimeoutMs);
  await until("fewer pods by CPU", async () => ((await watched.wanted()) === 1 ? true : undefined), scalingTimeoutMs);
  await until("the pods to end", async () => ((await field.pods("orders")).length === 1 ? true : undefined));
  await topic.write(100);
  await ordersArrived(field, topic, scalingTimeoutMs);
});
