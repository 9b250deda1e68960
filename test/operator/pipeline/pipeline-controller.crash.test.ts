import { beforeAll, expect, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { diesAtEachWrite } from "./dies-at-each-write.ts";
import type { PipelinePlace } from "./pipeline-place.ts";

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

const childrenWith = (pods: number): readonly string[] => [
  "ConfigMap/pipeline-orders",
  "Deployment/pipeline-orders",
  "NetworkPolicy/pipeline-orders",
  ...Array.from({ length: pods }, () => "Pod"),
  "PodDisruptionBudget/pipeline-orders",
  "ServiceAccount/pipeline-orders",
];

/** What the status says of itself; what pods tell may come a few seconds later. */
function shown(pipeline: LivePipeline | null): string {
  const { conditions = [], pods, runningGeneration, drained, failedRollout, rolloutStartTime } = pipeline?.status ?? {};
  const own = conditions.filter(({ type }) => !type.endsWith("Reachable")).map(({ status, reason }) => `${status} ${reason}`);
  return JSON.stringify([own, pods, runningGeneration, drained, failedRollout, rolloutStartTime]);
}
const settled = (generation: number, pods: string): string =>
  JSON.stringify([
    ["True Running", "True Valid", "True Resolved", "True RolledOut", "True PodsReady"],
    pods,
    generation,
    // Not drained, nothing taken back, no rollout under way.
    undefined,
    undefined,
    undefined,
  ]);

/**
 * Apply, change, scale, delete; after each there is what there has to be, and nothing else. Once the operator has died and what it was
 * at has come to its end, the rest is as if it had not: then it goes on with the deletion.
 */
async function scenario(place: PipelinePlace, hasDied: () => boolean): Promise<void> {
  const holds = async (what: string, status: string, children: readonly string[]): Promise<void> => {
    await place.until(what, (pipeline) => (pipeline === null ? status === "" : shown(pipeline) === status));
    await expect.poll(() => place.children(), { timeout: 60_000, interval: 200, message: what }).toEqual(children);
  };
  await place.apply({ text: "one" });
  await holds("applied", settled(1, "1/1"), childrenWith(1));
  if (!hasDied()) {
    await place.apply({ text: "two" });
    await holds("changed", settled(2, "1/1"), childrenWith(1));
  }
  if (!hasDied()) {
    await place.scale(2);
    await holds("scaled", settled(3, "2/2"), childrenWith(2));
  }
  await place.delete();
  await holds("deleted", "", []);
  await expect.poll(place.replicaSets, { timeout: 60_000 }).toBe(0);
  expect(place.kubelet.faults).toEqual([]);
}

test("an operator that dies at any of its writes leaves what another one brings to the same end", { timeout: 1_200_000 }, () =>
  diesAtEachWrite({ access, scenario: () => ({ run: scenario }), atOnce: 16, writesMax: 60 }),
);
