import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApiEventRecorder } from "../../../operator/control/api-event-recorder.ts";
import { systemClock } from "../../../operator/control/clock.ts";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import type { HttpApi } from "../../../operator/kube/http-api.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { FakeClock } from "./fake-clock.ts";
import { metricValue } from "./metric-value.ts";
import { openApi } from "../open-api.ts";

const configMaps = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
const rolled = { type: "Normal", reason: "Rolling", action: "Roll", note: "to revision 1" } as const;

let server: ApiAccess;
let api: HttpApi;
let namespace: string;
let about: KubeObject;
beforeAll(async () => {
  server = await sharedApiServer();
  api = await openApi(server.kubeconfig);
  namespace = uniqueName("events");
  await server.kubectl(["create", "namespace", namespace]);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name: "subject" } };
  about = await api.create(configMaps, object, { fieldManager: "test" });
});
afterAll(() => api[Symbol.asyncDispose]());

function start(through: Pick<HttpApi, "create" | "patch"> = api, clock = systemClock) {
  const registry = new Registry();
  const recorder = startApiEventRecorder({
    api: through,
    reportingController: "snowline.dev/operator",
    reportingInstance: "operator-1",
    metrics: registerControlMetrics(registry, clock),
    log: pino({ level: "silent" }),
    clock,
  });
  const count = (outcome: string) => metricValue(registry, "operator_events_total", { outcome });
  return { recorder, count };
}

async function eventsOf(reason: string): Promise<readonly Record<string, unknown>[]> {
  const text = await server.kubectl(["get", "events.events.k8s.io", "-n", namespace, "-o", "json"]);
  const { items } = JSON.parse(text) as { readonly items: readonly Record<string, unknown>[] };
  return items.filter((item) => item["reason"] === reason);
}

test("an event is on its object, and what repeats counts on it", async () => {
  const { recorder, count } = start();
  for (let at = 0; at < 5; at++) recorder.record(about, rolled);
  await recorder[Symbol.asyncDispose]();
  const events = await eventsOf("Rolling");
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: "Normal",
    action: "Roll",
    note: "to revision 1",
    regarding: { kind: "ConfigMap", namespace, name: "subject", uid: about.metadata.uid },
    reportingController: "snowline.dev/operator",
    reportingInstance: "operator-1",
    series: { count: 5 },
  });
  expect([await count("sent"), await count("counted")]).toEqual([1, 4]);
  expect(await server.kubectl(["describe", "configmap", "subject", "-n", namespace])).toMatch(
    /Normal\s+Rolling\s+\S+ \(x5 over \S+\)\s+snowline.dev\/operator\s+to revision 1/,
  );
});

test("at the end the count that has grown since it was written is written", async () => {
  const { recorder } = start();
  const seriesOf = async () => (await eventsOf("Counting"))[0]?.["series"];
  const record = (): void => recorder.record(about, { ...rolled, reason: "Counting" });
  record();
  record();
  await vi.waitUntil(async () => (await seriesOf()) !== undefined, { timeout: 20_000 });
  for (let at = 0; at < 5; at++) record();
  await recorder[Symbol.asyncDispose]();
  expect(await seriesOf()).toMatchObject({ count: 7 });
});

test("a note that is too long is cut between two characters", async () => {
  const { recorder } = start();
  recorder.record(about, { ...rolled, reason: "Long", note: "é".repeat(2000) });
  await recorder[Symbol.asyncDispose]();
  const [event] = await eventsOf("Long");
  expect(event?.["note"]).toBe(`${"é".repeat(510)}…`);
});

test("an object of the cluster has its events in the namespace default", async () => {
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: uniqueName("node"), uid: uniqueName("uid") } };
  const { recorder } = start();
  recorder.record(node, { ...rolled, reason: "OfTheCluster" });
  await recorder[Symbol.asyncDispose]();
  const text = await server.kubectl(["get", "events", "-n", "default", "-o", "jsonpath={.items[*].involvedObject.name}"]);
  expect(text.split(" ")).toContain(node.metadata.name);
});

test("an event that has lived out its time is told anew", async () => {
  const { recorder } = start();
  recorder.record(about, { ...rolled, reason: "Expired" });
  await vi.waitUntil(async () => (await eventsOf("Expired")).length === 1, { timeout: 20_000 });
  await server.kubectl(["delete", "events", "-n", namespace, "--field-selector", "reason=Expired"]);
  recorder.record(about, { ...rolled, reason: "Expired" });
  await recorder[Symbol.asyncDispose]();
  expect(await eventsOf("Expired")).toHaveLength(1);
});

test("an answer that was lost does not double an event", async () => {
  let losses = 1;
  const { recorder, count } = start({
    ...api,
    create: async (...args) => {
      const made = await api.create(...(args as Parameters<HttpApi["create"]>));
      if (losses-- > 0) throw new Error("connection reset");
      return made as never;
    },
  });
  recorder.record(about, { ...rolled, reason: "Lost" });
  await recorder[Symbol.asyncDispose]();
  expect(await eventsOf("Lost")).toHaveLength(1);
  expect([await count("sent"), await count("failed")]).toEqual([1, undefined]);
});

test("a server that does not answer holds nobody up, and the end takes three seconds", async () => {
  const clock = new FakeClock();
  const never = (): Promise<never> => new Promise(() => {});
  const { recorder, count } = start({ create: never, patch: never }, clock);
  for (let at = 0; at < 12_000; at++)
    recorder.record({ ...about, metadata: { ...about.metadata, uid: `${at}` } }, { ...rolled, reason: "Stuck" });
  expect(await count("dropped")).toBe(1_999);
  let ended = false;
  const ending = recorder[Symbol.asyncDispose]().then(() => (ended = true));
  await clock.advance(2_999);
  expect(ended).toBe(false);
  await clock.advance(1);
  await ending;
});

test("an event that the server refuses is failed, and the next one is sent", async () => {
  const { recorder, count } = start();
  const gone = { ...about, metadata: { ...about.metadata, namespace: "no-such-namespace", uid: "other" } };
  recorder.record(gone, { ...rolled, reason: "Nowhere" });
  recorder.record(about, { ...rolled, reason: "Somewhere" });
  await recorder[Symbol.asyncDispose]();
  expect(await eventsOf("Somewhere")).toHaveLength(1);
  expect([await count("failed"), await count("sent")]).toEqual([1, 1]);
});
