import { afterAll, beforeAll, expect, test } from "vitest";
import { givenCluster } from "../../cluster/cluster-for-tests.ts";
import { startKeda } from "../../cluster/keda.ts";
import { type Field, openField, until } from "../../e2e/cluster/field.ts";
import type { NumberedTopic } from "../../e2e/cluster/numbered-topic.ts";
import {
  backlog,
  type ExampleObject,
  exampleObjects,
  groupOf,
  order,
  ordersArrived,
  ordersPipeline,
} from "../../e2e/cluster/orders-example.ts";
import { podsWatched } from "../../e2e/cluster/pods-watched.ts";

const say = (line: string): void => console.log(line);
/** KEDA and the autoscaler ask every few seconds; pods with so little CPU take half a minute to start. */
const scalingTimeoutMs = 180_000;

/** As the examples say: KEDA takes nothing that has no number yet. */
const firstNumber = ["scale", "pipeline/orders", "--replicas=1"];

let keda: AsyncDisposable;

beforeAll(async () => {
  const cluster = await givenCluster();
  keda = await startKeda(cluster, say);
  // All that this KEDA may scale.
  for (const object of await exampleObjects("keda/cluster-role.yaml"))
    await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
}, 1_200_000);
afterAll(() => keda[Symbol.asyncDispose]());

/** The ScaledObject of an example, as a user changes it; it asks often, and is soon content with less. */
async function scaledObject(file: string, field: Field, topic: NumberedTopic): Promise<ExampleObject> {
  const [object] = (await exampleObjects(file)) as [ExampleObject];
  const [trigger] = object.spec["triggers"] as [{ readonly metadata: Record<string, string> }];
  const place = { bootstrapServers: field.bootstrap, consumerGroup: groupOf(field), topic: topic.name };
  Object.assign(trigger.metadata, place, { lagThreshold: String(backlog / 8) });
  const behavior = { scaleDown: { stabilizationWindowSeconds: 10 } };
  const advanced = { horizontalPodAutoscalerConfig: { behavior } };
  Object.assign(object.spec, { pollingInterval: 5, cooldownPeriod: 20, advanced });
  return object;
}

test("an HPA on lag scales the pipeline out and in, and the table has each record once", async () => {
  await using field = await openField();
  const topic = await field.topic({ partitions: 6, record: order });
  await field.apply(await ordersPipeline("hpa-lag/pipeline.yaml", { field, topic }));
  await field.apply(await scaledObject("hpa-lag/scaled-object.yaml", field, topic));
  await field.kubectl(...firstNumber);
  await field.condition("orders", "Ready", "True");
  const watched = podsWatched(field, "orders");
  // Worth more pods than there are partitions for a minute or two; KEDA wants no pod that would stand by.
  await topic.write(3 * backlog);
  const stop = topic.writeSteadily(50);
  await until("a pod for each partition", async () => ((await watched.wanted()) === 6 ? true : undefined), scalingTimeoutMs);
  expect(await field.kubectl("get", "hpa", "keda-hpa-orders")).toMatch(/Pipeline\/orders/);
  await until("new pods to load", async () => ((await watched.ready()) > 1 ? true : undefined), scalingTimeoutMs);
  await stop();
  await ordersArrived(field, topic, scalingTimeoutMs);
  await until("one pod once there is no lag", async () => ((await watched.wanted()) === 1 ? true : undefined), scalingTimeoutMs);
  await topic.write(100);
  await ordersArrived(field, topic, scalingTimeoutMs);
});

test("KEDA takes away the last pod of a topic without news, and its next record brings one back", async () => {
  await using field = await openField();
  const topic = await field.topic({ partitions: 6, record: order });
  await topic.write(1000);
  await field.apply(await ordersPipeline("keda/pipeline.yaml", { field, topic }));
  await field.apply(await scaledObject("keda/scaled-object.yaml", field, topic));
  await field.kubectl(...firstNumber);
  await ordersArrived(field, topic, scalingTimeoutMs);
  const asleep = async (): Promise<true | undefined> => ((await field.pods("orders")).length === 0 ? true : undefined);
  await until("no pod", asleep, scalingTimeoutMs);
  expect(await podsWatched(field, "orders").wanted()).toBe(0);
  const status = await until("it to say so", async () => {
    const found = (await field.pipeline("orders"))?.status;
    return found?.drained === true ? found : undefined;
  });
  expect(status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ reason: "ScaledToZero" });
  await topic.write(1);
  await ordersArrived(field, topic, scalingTimeoutMs);
  await until("no pod again", asleep, scalingTimeoutMs);
});
