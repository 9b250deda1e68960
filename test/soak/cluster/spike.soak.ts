import { expect, test } from "vitest";
import { openField } from "../../e2e/cluster/field.ts";
import { backlog, order, ordersArrived } from "../../e2e/cluster/orders-example.ts";
import { applyScaled, eventsOf, scalingOf, stageTimeoutMs } from "../../e2e/cluster/scaled-pipeline.ts";

/** What one pod of a test bears with ease, even on a machine that has much else to do. */
const quietPerSecond = 100;
/** What no such pod bears. */
const spikeFactor = 5;

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
