import { beforeAll, test } from "vitest";
import type { LivePipeline } from "../../../operator/pipeline/observed.ts";
import { resourceType } from "../../../operator/pipeline/resource-types.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { countedApi } from "./counted-api.ts";
import { condition, isReady, openPipelinePlace } from "./pipeline-place.ts";
import { idleReport, startOperator } from "./started-operator.ts";

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

test.concurrent(
  "a Pipeline that is applied runs, is changed, taken back, scaled, suspended and drained away",
  { timeout: 240_000 },
  async ({ expect }) => {
    await using place = await openPipelinePlace(access);
    await using operator = await startOperator(place.api, place.namespace);
    await place.apply({ text: "one" });
    const first = await place.until("Ready", isReady);
    expect(await place.children()).toEqual([
      "ConfigMap/pipeline-orders",
      "Deployment/pipeline-orders",
      "NetworkPolicy/pipeline-orders",
      "Pod",
      "PodDisruptionBudget/pipeline-orders",
      "ServiceAccount/pipeline-orders",
    ]);
    expect(operator.happenings.map(({ reason }) => reason)).toEqual(["RollingOut", "RolledOut"]);

    await place.apply({ fate: "terminal" });
    const back = await place.until("taken back", (pipeline) => condition(pipeline, "Ready") === "False RolloutFailed");
    expect(back?.status?.failedRollout).toMatchObject({ reason: "TableMissing", generation: 2 });
    expect(back?.status?.revision).toBe(first?.status?.revision);

    await place.apply({ text: "two" });
    await place.until("the new spec runs", isReady);

    await access.kubectl(["-n", place.namespace, "scale", "pipeline", "orders", "--replicas=2"]);
    await place.until("two pods", (pipeline) => pipeline?.status?.pods === "2/2");

    await place.apply({ text: "two", set: { "spec.suspend": true } });
    await place.until("drained", (pipeline) => pipeline?.status?.drained === true);
    await place.apply({ text: "two", set: { "spec.suspend": false } });
    await place.until("resumed", isReady);

    await access.kubectl(["-n", place.namespace, "delete", "pipeline", "orders", "--wait=false"]);
    await place.until("gone", (pipeline) => pipeline === null);
    await expect.poll(() => place.children(), { timeout: 30_000 }).toEqual([]);
    expect(place.kubelet.faults).toEqual([]);
  },
);

const patience = { timeout: 240_000 } as const;

test.concurrent("it settles within ten requests, events among them, and then there are none", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const { api, requests } = countedApi(place.api);
  await using operator = await startOperator(api, place.namespace);
  const began = Date.now();
  await place.apply({});
  await place.until("Ready", isReady);
  // A status more where the machine takes its time: a pod that is ready before its revision has proven itself is shown after ten seconds.
  const late = Math.floor((Date.now() - began) / 10_000);
  const ofPipeline = requests.filter((request) => !request.includes("Connection"));
  expect(ofPipeline.length + operator.happenings.length, requests.join(", ")).toBeLessThanOrEqual(10 + late);
  await place.until("what the pods tell is written", (pipeline) => condition(pipeline, "SinkReachable") !== "");
  const settled = requests.length;
  const looks = await operator.looks();
  // What changes nothing for the pods makes it look, and no more.
  await access.kubectl(["-n", place.namespace, "annotate", "pipeline", "orders", "note=looked-at"]);
  await operator.idleAfter(looks + 1);
  expect(requests.slice(settled)).toEqual([]);
});

test.concurrent(
  "an operator that starts anew with everything settled writes nothing and compiles nothing, though a number has moved",
  patience,
  async ({ expect }) => {
    await using place = await openPipelinePlace(access);
    await place.apply({});
    {
      await using _first = await startOperator(place.api, place.namespace);
      await place.until("Ready", isReady);
      await place.until("what the pods tell is written", (pipeline) => condition(pipeline, "SinkReachable") !== "");
    }
    const before = await place.pipeline();
    const { api, requests } = countedApi(place.api);
    const compiled: unknown[] = [];
    const check = async (spec: unknown) => {
      compiled.push(spec);
      return [];
    };
    const asked = Promise.withResolvers<void>();
    const ask = async () => {
      asked.resolve();
      return idleReport.replace('"recordsRead":0', '"recordsRead":7');
    };
    await using second = await startOperator(api, place.namespace, { check, ask });
    await second.idleAfter(1);
    await asked.promise;
    // It looks again, with what the pod has told.
    const looks = await second.looks();
    await access.kubectl(["-n", place.namespace, "annotate", "pipeline", "orders", "note=looked-at"]);
    await second.idleAfter(looks + 1);
    expect([requests, compiled]).toEqual([[], []]);
    expect((await place.pipeline())?.status).toEqual(before?.status);
  },
);

test.concurrent(
  "what others change of its children is brought back, and what they delete is made again",
  patience,
  async ({ expect }) => {
    await using place = await openPipelinePlace(access);
    await using _operator = await startOperator(place.api, place.namespace);
    await place.apply({});
    await place.until("Ready", isReady);
    const kubectl = (...args: string[]) => access.kubectl(["-n", place.namespace, ...args]);
    const before = await place.children();
    await kubectl("scale", "deployment", "pipeline-orders", "--replicas=3");
    await kubectl("label", "--overwrite", "poddisruptionbudget", "pipeline-orders", "app.kubernetes.io/name=other");
    await kubectl("delete", "networkpolicy,serviceaccount", "pipeline-orders");
    const replicas = () => kubectl("get", "deployment", "pipeline-orders", "-o", "jsonpath={.spec.replicas}");
    await expect.poll(replicas, { timeout: 60_000 }).toBe("1");
    await expect.poll(() => place.children(), { timeout: 60_000 }).toEqual(before);
    const labelNow = () =>
      kubectl("get", "poddisruptionbudget", "pipeline-orders", "-o", "jsonpath={.metadata.labels.app\\.kubernetes\\.io/name}");
    await expect.poll(labelNow, { timeout: 60_000 }).toBe("snowline-pipeline");
    await place.until("Ready", isReady);
    expect((await place.pipeline())?.status?.revision).toBeDefined();
  },
);

test.concurrent(
  "somebody else's Deployment of the same name is left alone and told, until it is gone",
  patience,
  async ({ expect }) => {
    await using place = await openPipelinePlace(access);
    const kubectl = (...args: string[]) => access.kubectl(["-n", place.namespace, ...args]);
    await kubectl("create", "deployment", "pipeline-orders", "--image=theirs", "--replicas=0");
    const theirs = await kubectl("get", "deployment", "pipeline-orders", "-o", "jsonpath={.metadata.uid} {.spec}");
    await using operator = await startOperator(place.api, place.namespace);
    await place.apply({});
    const told = await place.until("told", (pipeline) => condition(pipeline, "Ready") === "False NameConflict");
    expect(told?.status?.conditions?.[0]?.message).toContain("Deployment pipeline-orders is there and belongs to somebody else");
    await expect.poll(() => operator.happenings.filter(({ reason }) => reason === "NameConflict")).toHaveLength(1);
    expect(await kubectl("get", "deployment", "pipeline-orders", "-o", "jsonpath={.metadata.uid} {.spec}")).toBe(theirs);
    await kubectl("delete", "deployment", "pipeline-orders");
    // Nobody tells that it is gone: it is looked for again, sooner when something else changes.
    await kubectl("annotate", "pipeline", "orders", "note=gone");
    await place.until("Ready", isReady);
  },
);

test.concurrent("what the API server refuses in a child is told, and what ran before runs on", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const kubectl = (...args: string[]) => access.kubectl(["-n", place.namespace, ...args]);
  await using _operator = await startOperator(place.api, place.namespace);
  await place.apply({});
  await place.until("Ready", isReady);
  const template = () => kubectl("get", "deployment", "pipeline-orders", "-o", "jsonpath={.spec.template}");
  const before = await template();
  // Only the API server knows what a toleration may be.
  const change = (operator: string) =>
    kubectl(
      "patch",
      "pipeline",
      "orders",
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { pod: { tolerations: [{ operator }] } } }),
    );
  await change("Sideways");
  const told = await place.until("told", (pipeline) => condition(pipeline, "Progressing") === "False ChildRefused");
  expect(told?.status?.conditions?.find(({ type }) => type === "Progressing")?.message).toMatch(
    /Deployment pipeline-orders.*Sideways/s,
  );
  expect(await template()).toBe(before);
  await change("Exists");
  await place.until("Ready", isReady);
  expect(await template()).toContain("Exists");
});

test.concurrent("it waits for what it refers to, and rolls when that changes", patience, async ({ expect }) => {
  await using place = await openPipelinePlace(access);
  const kubectl = (...args: string[]) => access.kubectl(["-n", place.namespace, ...args]);
  await kubectl("delete", "secret", "snowflake-key");
  const connection = await kubectl("get", "connection", "events", "-o", "json");
  await kubectl("delete", "connection", "events");
  await using operator = await startOperator(place.api, place.namespace);
  await place.apply({});
  const waiting = await place.until("told", (pipeline) => condition(pipeline, "Ready") === "False ReferenceMissing");
  const message = waiting?.status?.conditions?.[0]?.message;
  expect(message).toContain('there is no Connection "events"');
  expect(message).toContain('there is no Secret "snowflake-key"');
  expect(await place.children()).toEqual([]);
  const ofConnection = async (): Promise<string> => {
    const found = await place.api.get<LivePipeline>(resourceType.connection, { namespace: place.namespace, name: "warehouse" });
    return `${condition(found, "Ready")} ${found?.status?.conditions?.[0]?.message}`;
  };
  await expect
    .poll(ofConnection, { timeout: 60_000 })
    .toContain('False ReferenceMissing spec.snowflake.auth.keyPair.privateKeyFrom: there is no Secret "snowflake-key"');
  await kubectl("create", "secret", "generic", "snowflake-key", "--from-literal=rsa_key.p8=one");
  const { metadata, ...rest } = JSON.parse(connection) as { metadata: { name: string }; spec: object };
  await access.kubectl(["-n", place.namespace, "apply", "-f", "-"], {
    input: JSON.stringify({ ...rest, metadata: { name: metadata.name } }),
  });
  const first = await place.until("Ready", isReady);
  await expect.poll(ofConnection, { timeout: 60_000 }).toContain("True Resolved");
  await kubectl("patch", "secret", "snowflake-key", "-p", '{"stringData":{"rsa_key.p8":"two"}}');
  await place.until(
    "another revision runs",
    (pipeline) => isReady(pipeline) && pipeline?.status?.revision !== first?.status?.revision,
  );
  const notes = operator.happenings.map(({ reason, note }) => `${reason} ${note}`);
  expect(notes.filter((note) => note.includes("Secret snowflake-key") && note.startsWith("RollingOut"))).toHaveLength(1);
  expect(JSON.stringify(await place.pipeline())).not.toContain("rsa_key.p8 two");
});

test.concurrent(
  "a Pipeline of the same name that follows a deleted one waits for what that left, and says nothing of it",
  patience,
  async ({ expect }) => {
    await using place = await openPipelinePlace(access);
    await using operator = await startOperator(place.api, place.namespace);
    await place.apply({ text: "one" });
    const first = await place.until("Ready", isReady);
    await access.kubectl(["-n", place.namespace, "delete", "pipeline", "orders"]);
    await place.apply({ text: "one" });
    const second = await place.until("Ready", isReady);
    expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
    expect(operator.happenings.filter(({ reason }) => reason === "NameConflict")).toEqual([]);
  },
);
