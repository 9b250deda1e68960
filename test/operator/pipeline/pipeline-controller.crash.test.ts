import { beforeAll, expect, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { mortalApi } from "./mortal-api.ts";
import { openPipelinePlace, type PipelinePlace } from "./pipeline-place.ts";
import { startOperator } from "./started-operator.ts";

/** Scenarios at a time: most of one is waiting for Deployments. */
const atOnce = 16;
/** A scenario has about twenty writes; one that has more than this never settles. */
const writesMax = 60;
/** What is there after a write is what is there before the next: only some are tried both ways. */
const bothWaysEach = 6;

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

/** The scenario with an operator that dies at a write, and another that takes its place. False: it had no such write. */
async function dies(at: number, happens: "before" | "after"): Promise<boolean> {
  await using place = await openPipelinePlace(access);
  const mortal = mortalApi(place.api, at, happens);
  await using operators = new AsyncDisposableStack();
  const first = operators.use(await startOperator(mortal.api, place.namespace));
  let died = false;
  const succeed = async (): Promise<void> => {
    await mortal.died;
    died = true;
    await first[Symbol.asyncDispose]();
    operators.use(await startOperator(place.api, place.namespace));
  };
  const heir = succeed();
  try {
    await scenario(place, () => died);
  } catch (cause) {
    throw new Error(`an operator that dies ${happens} write ${at}`, { cause });
  }
  if (died) await heir;
  return died;
}

test(
  "an operator that dies at any of its writes leaves what another one brings to the same end",
  { timeout: 1_200_000 },
  async () => {
    let at = 0;
    let survived = false;
    const next = async (): Promise<void> => {
      while (!survived && at < writesMax) {
        const write = at++;
        if (!(await dies(write, "after"))) survived = true;
        else if (write % bothWaysEach === 0) await dies(write, "before");
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    // Each write of the scenario was one to die at: the last ones were too many.
    expect(survived).toBe(true);
    expect(at).toBeGreaterThan(16);
  },
);
