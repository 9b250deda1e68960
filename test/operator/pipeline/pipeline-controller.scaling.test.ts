import { beforeAll, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import type { ProbedSource } from "../../../operator/probe/probe-answer.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { countedApi } from "./counted-api.ts";
import { loadTold } from "./simulated-pods.ts";
import { condition, openPipelinePlace } from "./pipeline-place.ts";
import { startOperator } from "./started-operator.ts";

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

/** A source whose state a test sets, as pods and probe tell it. */
function playedSource() {
  const source = { arrivalsPerSecond: 0, lagRecords: 0, partitions: 12, carriesPerSecond: 100, loaded: 0, pods: 1 };
  const blind = { why: "" };
  const ask = async (): Promise<string> => {
    const { conditions: _none, ...report } = loadTold(source, { pods: source.pods, nowMs: Date.now() });
    const reachable = { type: "SinkReachable", status: "True", reason: "Reachable", message: "the sink takes batches" };
    return JSON.stringify({ ...report, conditions: [reachable] });
  };
  const probe = async (): Promise<ProbedSource> => {
    if (blind.why !== "") throw new Error(blind.why);
    return { lagRecords: source.lagRecords, partitions: source.partitions, ends: 1_000 };
  };
  return { source, blind, ask, probe };
}

const spec = (scaling: object) => ({ text: "one", set: { "spec.scaling": { scaleDownAfterSeconds: 0, ...scaling } } });
const pods = (pipeline: LivePipeline | null): string => pipeline?.status?.pods ?? "";
const patience = { timeout: 480_000 } as const;

test.concurrent("a Pipeline grows with what arrives, sleeps when nothing does, and wakes", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const { source, ask, probe } = playedSource();
  await using operator = await startOperator(place.api, place.namespace, { ask, probe, probeMs: 1_000 });
  Object.assign(source, { arrivalsPerSecond: 250, lagRecords: 50_000 });
  await place.apply(spec({ min: 0, max: 4 }));
  const grown = await place.until("grown", (pipeline) => pods(pipeline) === "4/4");
  expect(grown?.status?.scaling).toMatchObject({ replicas: 4, decisions: [{ to: 4 }] });
  expect(operator.happenings.map(({ reason }) => reason)).toContain("ScaledUp");

  Object.assign(source, { arrivalsPerSecond: 0, lagRecords: 0, pods: 4 });
  const asleep = await place.until("asleep", (pipeline) => pods(pipeline) === "0/0" && pipeline?.status?.drained === true);
  expect(condition(asleep, "Ready")).toBe("True Idle");
  expect(condition(asleep, "Scaling")).toBe("True Idle");
  expect(operator.happenings.map(({ reason }) => reason)).toContain("ScaledDown");

  Object.assign(source, { lagRecords: 500, pods: 1 });
  const awake = await place.until("awake", (pipeline) => (pipeline?.status?.scaling?.replicas ?? 0) > 0);
  expect(awake?.status?.scaling?.decisions?.[0]).toMatchObject({ from: 0 });
  await place.until("its pods run", (pipeline) => (pipeline?.status?.readyReplicas ?? 0) > 0);
  expect(place.kubelet.faults).toEqual([]);
});

test.concurrent("one that sleeps costs no request but the reads of its Connection's secrets", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const { ask, probe } = playedSource();
  const { api, requests } = countedApi(place.api);
  await using operator = await startOperator(api, place.namespace, { ask, probe, probeMs: 100 });
  await place.apply(spec({ min: 0, max: 4 }));
  await place.until("asleep", (pipeline) => condition(pipeline, "Scaling") === "True Idle" && pipeline?.status?.drained === true);
  await place.until("its lag is the source's", (pipeline) => pipeline?.status?.lag?.records === 0);
  const settled = requests.length;
  const looks = await operator.looks();
  await access.kubectl(["-n", place.namespace, "annotate", "pipeline", "orders", "note=looked-at"]);
  await operator.idleAfter(looks + 1);
  expect(requests.slice(settled)).toEqual([]);
});

test.concurrent("a source that cannot be looked at is told on the Pipeline, and it sleeps on", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const { blind, ask, probe } = playedSource();
  await using operator = await startOperator(place.api, place.namespace, { ask, probe, probeMs: 200 });
  await place.apply(spec({ min: 0, max: 4 }));
  await place.until("asleep", (pipeline) => condition(pipeline, "Scaling") === "True Idle" && pipeline?.status?.drained === true);
  blind.why = "broker 127.0.0.1:1 does not answer";
  const told = await place.until("told", (pipeline) => condition(pipeline, "Scaling") === "False ProbeFailed");
  expect(JSON.stringify(told?.status?.conditions)).toContain("broker 127.0.0.1:1 does not answer");
  expect(pods(told)).toBe("0/0");
  expect(operator.happenings.filter(({ reason }) => reason === "ProbeFailed").length).toBe(1);
  blind.why = "";
  await place.until("seen again", (pipeline) => condition(pipeline, "Scaling") === "True Idle");
});

test.concurrent("an operator that takes over goes on with the pods there are", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const { source, ask, probe } = playedSource();
  Object.assign(source, { arrivalsPerSecond: 250, lagRecords: 50_000 });
  {
    await using _first = await startOperator(place.api, place.namespace, { ask, probe });
    await place.apply(spec({ min: 1, max: 4 }));
    await place.until("grown", (pipeline) => pods(pipeline) === "4/4");
  }
  const { api, requests } = countedApi(place.api);
  // The pods do not answer the new one for a while.
  const answered = Promise.withResolvers<void>();
  const late = async (): Promise<string> => answered.promise.then(ask);
  await using second = await startOperator(api, place.namespace, { ask: late, probe });
  await second.idleAfter(1);
  // What the first had yet to write is written at once.
  expect(requests.filter((request) => request !== "patch status Pipeline orders")).toEqual([]);
  Object.assign(source, { arrivalsPerSecond: 350, lagRecords: 0, pods: 4 });
  answered.resolve();
  await place.until("it has looked", (pipeline) => (pipeline?.status?.scaling?.terms?.arrivalsPerSecond ?? 0) === 350);
  expect(pods(await place.pipeline())).toBe("4/4");
});
