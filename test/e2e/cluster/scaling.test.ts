import { expect, test } from "vitest";
import { openField, until } from "./field.ts";
import { backlog, order, ordersArrived } from "./orders-example.ts";
import { applyScaled, eventsOf, scalingOf, stageTimeoutMs } from "./scaled-pipeline.ts";

test("without news there is no pod, and news brings as many as are needed at once", { timeout: 900_000 }, async () => {
  await using field = await openField();
  const topic = await field.topic({ partitions: 6, record: order });
  // Enough that what a pod can carry is known.
  await topic.write(backlog);
  await applyScaled(field, topic, { min: 0 });
  await ordersArrived(field, topic, stageTimeoutMs);
  await scalingOf(field, "no pod to be wanted", ({ replicas }) => replicas === 0);
  await until("no pod", async () => ((await field.pods("orders")).length === 0 ? true : undefined));
  const asleep = await field.condition("orders", "Ready", "True");
  expect(asleep.status?.conditions?.find(({ type }) => type === "Available")).toMatchObject({ reason: "Idle" });
  expect(asleep.status).toMatchObject({ replicas: 0, scaling: { limiter: "Idle" } });
  await topic.write(3 * backlog);
  const awake = await scalingOf(field, "pods again", ({ replicas }) => replicas > 0);
  expect(awake.decisions?.[0]).toMatchObject({ from: 0, to: awake.replicas });
  expect(awake.decisions?.[0]?.to).toBeGreaterThan(1);
  await ordersArrived(field, topic, stageTimeoutMs);
  await scalingOf(field, "no pod again", ({ replicas }) => replicas === 0);
  expect(await eventsOf(field)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ScaledDown: .* to 0 pods/),
      expect.stringMatching(/^ScaledUp: from 0 to \d pods/),
    ]),
  );
});
