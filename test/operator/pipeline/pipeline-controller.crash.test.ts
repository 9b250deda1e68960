import { isDeepStrictEqual } from "node:util";
import { beforeAll, expect, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { mortalApi } from "./mortal-api.ts";
import { isReady, openPipelinePlace, type PipelinePlace } from "./pipeline-place.ts";
import { startOperator } from "./started-operator.ts";

/** Scenarios at a time: most of one is waiting for Deployments. */
const atOnce = 12;
/** A scenario has about twenty writes; one that has more than this never settles. */
const writesMax = 60;
/** What is there after a write is what is there before the next: only some are tried both ways. */
const bothWaysEach = 6;

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

/** What is there, without what is another each time. */
interface End {
  readonly children: readonly string[];
  readonly status: unknown;
}

async function endOf(place: PipelinePlace, pipeline: LivePipeline | null): Promise<End> {
  const { conditions = [], pods, runningGeneration, drained } = pipeline?.status ?? {};
  const shown = conditions.map(({ type, status, reason }) => [type, status, reason]);
  return { children: await place.children(), status: [shown, pods, runningGeneration, drained] };
}

const runs = (pods: number) => [
  "ConfigMap/pipeline-orders",
  "Deployment/pipeline-orders",
  "NetworkPolicy/pipeline-orders",
  ...Array.from({ length: pods }, () => "Pod"),
  "PodDisruptionBudget/pipeline-orders",
  "ServiceAccount/pipeline-orders",
];

/** Apply, change, scale, delete; answers what was there after each, once it had settled. */
async function scenario(place: PipelinePlace): Promise<readonly End[]> {
  const ends: End[] = [];
  const settled = async (
    what: string,
    holds: (pipeline: LivePipeline | null) => boolean,
    children: readonly string[],
  ): Promise<void> => {
    const pipeline = await place.until(what, holds);
    await expect.poll(() => place.children(), { timeout: 60_000, interval: 200 }).toEqual(children);
    ends.push(await endOf(place, pipeline));
  };
  await place.apply({ text: "one" });
  await settled("applied", isReady, runs(1));
  await place.apply({ text: "two" });
  await settled("changed", isReady, runs(1));
  await access.kubectl(["-n", place.namespace, "scale", "pipeline", "orders", "--replicas=2"]);
  await settled("scaled", (pipeline) => isReady(pipeline) && pipeline?.status?.pods === "2/2", runs(2));
  await access.kubectl(["-n", place.namespace, "delete", "pipeline", "orders", "--wait=false"]);
  await settled("deleted", (pipeline) => pipeline === null, []);
  return ends;
}

/** The same with an operator that dies at a write, and another that takes its place. */
async function mortalScenario(
  at: number,
  happens: "before" | "after",
): Promise<{ readonly ends: readonly End[]; readonly died: boolean }> {
  await using place = await openPipelinePlace(access);
  const mortal = mortalApi(place.api, at, happens);
  let died = false;
  await using operators = new AsyncDisposableStack();
  const first = operators.use(await startOperator(mortal.api, place.namespace));
  const heir = mortal.died.then(async () => {
    died = true;
    await first[Symbol.asyncDispose]();
    operators.use(await startOperator(place.api, place.namespace));
  });
  const ends = await scenario(place);
  if (died) await heir;
  expect(place.kubelet.faults).toEqual([]);
  return { ends, died };
}

test(
  "an operator that dies at any of its writes leaves what another one brings to the same end",
  { timeout: 900_000 },
  async () => {
    const peaceful = await mortalScenario(Number.POSITIVE_INFINITY, "before");
    expect(peaceful.ends.map(({ children }) => children)).toEqual([runs(1), runs(1), runs(2), []]);
    let at = 0;
    let survived = false;
    const differing: string[] = [];
    const dieAt = async (write: number, happens: "before" | "after"): Promise<void> => {
      const { ends, died } = await mortalScenario(write, happens);
      if (!died) survived = true;
      if (!isDeepStrictEqual(ends, peaceful.ends)) differing.push(`dies ${happens} write ${write}: ${JSON.stringify(ends)}`);
    };
    const next = async (): Promise<void> => {
      while (!survived && at < writesMax) {
        const write = at++;
        await dieAt(write, "after");
        if (write % bothWaysEach === 0) await dieAt(write, "before");
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    expect(differing).toEqual([]);
    // Each write of the scenario was one to die at: the last ones were too many.
    expect(survived).toBe(true);
    expect(at).toBeGreaterThan(16);
  },
);
