import { beforeAll, expect, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { type DeadlyScenario, diesAtEachWrite } from "./dies-at-each-write.ts";
import { condition, type PipelinePlace } from "./pipeline-place.ts";
import { loadTold } from "./simulated-pods.ts";

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

const many = { arrivalsPerSecond: 250, lagRecords: 50_000, pods: 1 };
const none = { arrivalsPerSecond: 0, lagRecords: 0, pods: 1 };

/** With a source whose state the scenario sets, as pods and probe tell it. */
function scaling(): DeadlyScenario {
  const source = { ...none, partitions: 12, carriesPerSecond: 100, loaded: 0 };
  return {
    operator: {
      ask: async () => JSON.stringify(loadTold(source, { pods: source.pods, nowMs: Date.now() })),
      probe: async () => ({ lagRecords: source.lagRecords, partitions: source.partitions, ends: 1_000 }),
      probeMs: 500,
    },
    run: (place, hasDied) => upAndDown(place, source, hasDied),
  };
}

const pods = (pipeline: LivePipeline | null): string => pipeline?.status?.pods ?? "";
const asleep = (pipeline: LivePipeline | null): boolean =>
  pods(pipeline) === "0/0" && pipeline?.status?.drained === true && condition(pipeline, "Scaling") === "True Idle";

/**
 * Up, down to none, and back. Once the operator has died and what it was at has come to its end, the rest is as if it had not: then it
 * goes on with the deletion.
 */
async function upAndDown(place: PipelinePlace, source: object, hasDied: () => boolean): Promise<void> {
  Object.assign(source, many);
  await place.apply({ text: "one", set: { "spec.scaling": { min: 0, max: 2, scaleDownAfterSeconds: 0 } } });
  const grown = await place.until(
    "grown",
    (pipeline) => pods(pipeline) === "2/2" && condition(pipeline, "Ready") === "True Running",
  );
  // Whoever carried it out, it is told, and told as what it was.
  expect(grown?.status?.scaling).toMatchObject({ replicas: 2, decisions: [{ to: 2 }] });
  if (!hasDied()) {
    Object.assign(source, none);
    await place.until("asleep", asleep);
    await expect.poll(async () => (await place.children()).includes("Pod"), { timeout: 60_000 }).toBe(false);
  }
  if (!hasDied()) {
    Object.assign(source, { lagRecords: 500 });
    const awake = await place.until("awake", (pipeline) => (pipeline?.status?.readyReplicas ?? 0) > 0);
    expect(awake?.status?.scaling?.decisions?.[0]).toMatchObject({ from: 0 });
  }
  await place.delete();
  await place.until("deleted", (pipeline) => pipeline === null);
  await expect.poll(() => place.children(), { timeout: 180_000, interval: 200 }).toEqual([]);
  expect(place.kubelet.faults).toEqual([]);
}

test(
  "an operator that dies at any of its writes while it scales up, to none and back leaves what another one brings to the same end",
  { timeout: 1_200_000 },
  () => diesAtEachWrite({ access, scenario: scaling, atOnce: 12, writesMax: 80 }),
);
