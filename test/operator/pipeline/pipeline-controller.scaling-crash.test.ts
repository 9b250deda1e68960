import { beforeAll, expect, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { mortalApi } from "./mortal-api.ts";
import { condition, openPipelinePlace, type PipelinePlace } from "./pipeline-place.ts";
import { loadTold } from "./simulated-pods.ts";
import { startOperator } from "./started-operator.ts";

/** Scenarios at a time: most of one is waiting for Deployments and for pods to be asked. */
const atOnce = 12;
/** A scenario has about twenty-five writes; one that has more than this never settles. */
const writesMax = 80;
/** What is there after a write is what is there before the next: only some are tried both ways. */
const bothWaysEach = 6;

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

const many = { arrivalsPerSecond: 250, lagRecords: 50_000, pods: 1 };
const none = { arrivalsPerSecond: 0, lagRecords: 0, pods: 1 };

/** A source whose state the scenario sets, as pods and probe tell it. */
function playedSource() {
  const source = { ...none, partitions: 12, carriesPerSecond: 100, loaded: 0 };
  return {
    source,
    tell: {
      ask: async () => JSON.stringify(loadTold(source, { pods: source.pods, nowMs: Date.now() })),
      probe: async () => ({ lagRecords: source.lagRecords, partitions: source.partitions, ends: 1_000 }),
      probeMs: 500,
    },
  };
}

const pods = (pipeline: LivePipeline | null): string => pipeline?.status?.pods ?? "";
const asleep = (pipeline: LivePipeline | null): boolean =>
  pods(pipeline) === "0/0" && pipeline?.status?.drained === true && condition(pipeline, "Scaling") === "True Idle";

/**
 * Up, down to none, and back. Once the operator has died and what it was at has come to its end, the rest is as if it had not: then it
 * goes on with the deletion.
 */
async function scenario(place: PipelinePlace, source: ReturnType<typeof playedSource>["source"], hasDied: () => boolean) {
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

/** The scenario with an operator that dies at a write, and another that takes its place. False: it had no such write. */
async function dies(at: number, happens: "before" | "after"): Promise<boolean> {
  await using place = await openPipelinePlace(access);
  const mortal = mortalApi(place.api, at, happens);
  const { source, tell } = playedSource();
  await using operators = new AsyncDisposableStack();
  const first = operators.use(await startOperator(mortal.api, place.namespace, tell));
  let died = false;
  const succeed = async (): Promise<void> => {
    await mortal.died;
    died = true;
    await first[Symbol.asyncDispose]();
    operators.use(await startOperator(place.api, place.namespace, tell));
  };
  const heir = succeed();
  try {
    await scenario(place, source, () => died);
  } catch (cause) {
    throw new Error(`an operator that dies ${happens} write ${at}`, { cause });
  }
  if (died) await heir;
  return died;
}

test(
  "an operator that dies at any of its writes while it scales up, to none and back leaves what another one brings to the same end",
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
