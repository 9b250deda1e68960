import { expect, test } from "vitest";
import type { ScalingStatus } from "../../../crds/kinds/scaling-status.ts";
import { type Field, openField, until } from "./field.ts";
import type { NumberedTopic } from "./numbered-topic.ts";
import { backlog, order, ordersArrived, ordersPipeline } from "./orders-example.ts";

/** What one pod of a test bears with ease, even on a machine that has much else to do. */
const quietPerSecond = 100;
/** What no such pod bears. */
const spikeFactor = 5;
/** Averages are over a minute, and a pod with so little CPU takes up to a minute to start. */
const stageTimeoutMs = 240_000;

/** Applies the example with short times, and the numbers of pods as wanted. */
async function applyScaled(field: Field, topic: NumberedTopic, scaling: object): Promise<void> {
  const pipeline = await ordersPipeline("scaling/pipeline.yaml", { field, topic });
  pipeline.spec["scaling"] = { max: 6, targetLagSeconds: 20, scaleDownAfterSeconds: 20, ...scaling };
  await field.apply(pipeline);
}

/** Resolves to what the autoscaler says once it is as wanted; an error has what it last said. */
async function scalingOf(
  field: Field,
  what: string,
  wanted: (scaling: ScalingStatus, ready: number) => boolean,
): Promise<ScalingStatus> {
  let last: unknown = null;
  const found = until(
    what,
    async () => {
      const status = (await field.pipeline("orders"))?.status;
      last = status;
      const scaling = status?.scaling;
      return scaling !== undefined && wanted(scaling, status?.readyReplicas ?? 0) ? scaling : undefined;
    },
    stageTimeoutMs,
  );
  return found.catch((cause: unknown) => {
    throw new Error(`${(cause as Error).message}; status: ${JSON.stringify(last, null, 1)}`, { cause });
  });
}

/** Reasons and messages of the events of the pipeline, oldest first. */
async function eventsOf(field: Field): Promise<readonly string[]> {
  const text = await field.kubectl(
    "get",
    "events",
    "--field-selector=involvedObject.kind=Pipeline",
    "--sort-by=.metadata.creationTimestamp",
    "-o",
    'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
  );
  return text.trim().split("\n");
}

test(
  "a spike is scaled out, caught up with and scaled in, and the table has each record once",
  { timeout: 900_000 },
  async () => {
    await using field = await openField();
    const topic = await field.topic({ partitions: 6, record: order });
    await applyScaled(field, topic, { min: 1 });
    await field.condition("orders", "Ready", "True");
    let stop = topic.writeSteadily(quietPerSecond);
    const quiet = await scalingOf(field, "what arrives to be known", ({ terms }) => (terms?.arrivalsPerSecond ?? 0) > 0);
    expect(quiet).toMatchObject({ replicas: 1, bounds: { min: 1, max: 6 }, terms: { partitions: 6 } });
    await stop();
    stop = topic.writeSteadily(quietPerSecond * spikeFactor);
    await topic.write(backlog);
    const out = await scalingOf(field, "more pods", ({ replicas }) => replicas > 1);
    expect(out.decisions?.[0]).toMatchObject({ from: 1, to: out.replicas });
    expect(out.message).toMatch(/\d/);
    await scalingOf(field, "new pods to load", (_, ready) => ready > 1);
    await stop();
    await ordersArrived(field, topic, stageTimeoutMs);
    const inAgain = await scalingOf(field, "one pod again", ({ replicas }, ready) => replicas === 1 && ready === 1);
    expect(inAgain.terms?.capacityPerSecond).toBeGreaterThan(0);
    expect(inAgain.decisions!.length).toBeGreaterThanOrEqual(2);
    expect(await eventsOf(field)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ScaledUp: from 1 to \d pods/),
        expect.stringMatching(/^ScaledDown: from \d to \d pods? /),
      ]),
    );
    await topic.write(100);
    await ordersArrived(field, topic, stageTimeoutMs);
  },
);

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
