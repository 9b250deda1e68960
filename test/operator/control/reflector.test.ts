import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../operator/control/clock.ts";
import { type HttpApi, openHttpApi } from "../../../operator/kube/http-api.ts";
import { kubeconfigAccess } from "../../../operator/kube/kubeconfig-access.ts";
import type { Timing } from "../../../operator/kube/timing.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openGate } from "./api-gate.ts";
import { FakeClock } from "./fake-clock.ts";
import { openApi } from "../open-api.ts";
import { type ConfigMap, configMaps, startReflected } from "./reflected.ts";
import { seeded } from "./seeded.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

let server: ApiAccess;
let direct: HttpApi;
beforeAll(async () => {
  server = await sharedApiServer();
  direct = await openApi(server.kubeconfig);
  return () => direct[Symbol.asyncDispose]();
});

const by = { fieldManager: "test" };

/** A namespace and ways to change what is in it, straight at the server. */
async function namespaced() {
  const namespace = uniqueName("reflector");
  await server.kubectl(["create", "namespace", namespace]);
  onTestFinished(async () => void (await server.kubectl(["delete", "namespace", namespace, "--wait=false"])));
  // The controller puts its own there: then nothing but the test changes anything.
  await expect.poll(() => direct.get(configMaps, { namespace, name: "kube-root-ca.crt" })).not.toBeNull();
  const made = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    direct.create<ConfigMap>(
      configMaps,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name, labels }, data: { n: "0" } },
      by,
    );
  const changed = (name: string, patch: object) => direct.patch<ConfigMap>(configMaps, { namespace, name }, patch, by);
  const deleted = (name: string) => direct.delete(configMaps, { namespace, name });
  return { namespace, made, changed, deleted };
}

/** A client through a proxy of its own, whose deadlines are kept by `timing`. */
async function proxied(timing: Timing = systemClock) {
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const access = await kubeconfigAccess({ file: server.kubeconfig }, systemClock);
  const through = { ...access, server: `https://127.0.0.1:${proxy.port}` };
  const api = openHttpApi({ access: through, userAgent: "snowline-test", timing, random: Math.random });
  onTestFinished(async () => {
    await api[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  return { proxy, api };
}

/** A client through a gate of its own. */
async function gated() {
  const gate = await openGate(server.kubeconfig);
  const api = openHttpApi({ access: gate.access, userAgent: "snowline-test", timing: systemClock, random: () => 0 });
  onTestFinished(async () => {
    await api[Symbol.asyncDispose]();
    await gate[Symbol.asyncDispose]();
  });
  return { gate, api };
}
const refused = (code: number, reason: string, headers = {}) => ({
  status: code,
  headers,
  body: { kind: "Status", code, reason, message: "refused by the test", metadata: {} },
});

describe("a reflector", () => {
  it("has what is there at once, without a list, and then each change", async () => {
    const { namespace, made, changed, deleted } = await namespaced();
    const [first] = [await made("first"), await made("second")];
    const { gate, api } = await gated();
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    expect(reflected.told).toHaveLength(3);
    await reflected.agrees(direct);
    await changed("first", { data: { n: "1" } });
    await deleted("first");
    const again = await made("first");
    await reflected.agrees(direct);
    const { uid } = first.metadata;
    expect(reflected.told.slice(3)).toEqual([`first: ${uid} > ${uid}`, `first: ${uid} > -`, `first: - > ${again.metadata.uid}`]);
    expect(reflected.reflector.store.get({ namespace, name: "first" })).toMatchObject({ kind: "ConfigMap", data: { n: "0" } });
    expect(gate.seen).toHaveLength(1);
    expect(gate.seen[0]).toContain("sendInitialEvents=true");
  });

  it("sees an object that leaves its selection as deleted", async () => {
    const { namespace, made, changed } = await namespaced();
    const { metadata } = await made("a", { pick: "me" });
    await made("b");
    const { api } = await gated();
    await using reflected = startReflected(api, namespace, { selection: { labelSelector: "pick=me" } });
    await reflected.reflector.synced;
    expect(reflected.told).toEqual([`a: - > ${metadata.uid}`]);
    await changed("a", { metadata: { labels: { pick: null } } });
    await expect.poll(() => reflected.told).toHaveLength(2);
    expect(reflected.told[1]).toBe(`a: ${metadata.uid} > -`);
  });

  it("never has the contents of what it watches by metadata only", async () => {
    const { namespace, made } = await namespaced();
    await made("a");
    for (const list of [false, true]) {
      const { gate, api } = await gated();
      if (list) gate.answer = (url) => (url.includes("sendInitialEvents") ? refused(422, "Invalid") : null);
      await using reflected = startReflected(api, namespace, { selection: { metadataOnly: true } });
      await reflected.reflector.synced;
      const { store } = reflected.reflector;
      expect(store.get({ namespace, name: "a" })).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
      expect(store.get({ namespace, name: "a" })).not.toHaveProperty("data");
      await made(`b-${list}`);
      await reflected.agrees(direct);
      expect(store.get({ namespace, name: `b-${list}` })).not.toHaveProperty("data");
    }
  });

  it.each([
    ["refuses to begin a watch with it", 1, () => refused(422, "Invalid")],
    [
      "does not know how to",
      1,
      () => ({ status: 200, body: { type: "BOOKMARK", object: { metadata: { resourceVersion: "1" } } } }),
    ],
    ["ends before it is told", 1, () => ({ status: 200, body: null })],
    ["tells nonsense, three times", 3, () => ({ status: 200, body: {} })],
  ])("lists page by page what is there where the server %s", async (_name, tries, answer) => {
    const { namespace, made } = await namespaced();
    const many = 501;
    for (let at = 0; at < many; at += 50)
      await Promise.all(Array.from({ length: Math.min(50, many - at) }, (_, n) => made(`c${at + n}`)));
    const { gate, api } = await gated();
    gate.answer = (url) => (url.includes("sendInitialEvents") ? answer() : null);
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    await reflected.agrees(direct);
    expect(gate.seen.filter((url) => url.includes("limit=500"))).toHaveLength(2);
    await made("after");
    await reflected.agrees(direct);
    expect([reflected.counts.lists, gate.seen.length]).toEqual([1, tries + 3]);
  });

  it("waits as a busy server asks, and then goes on where it was", async () => {
    const { namespace, made } = await namespaced();
    await made("a");
    const { gate, api } = await gated();
    let busy = 2;
    gate.answer = () => (busy-- > 0 ? refused(429, "TooManyRequests", { "retry-after": "1" }) : null);
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    await reflected.agrees(direct);
    expect(gate.seen).toHaveLength(3);
    expect(reflected.logged.filter((line) => line.startsWith("watch put off by the API server"))).toHaveLength(2);
  });

  it("reads what comes in pieces of three bytes", async () => {
    const { namespace, made, changed } = await namespaced();
    await made("a");
    await changed("a", { data: { n: "größer 🎿" } });
    const { gate, api } = await gated();
    gate.pieceBytes = 3;
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    await changed("a", { data: { m: "⛷".repeat(100) } });
    await reflected.agrees(direct);
    expect(reflected.reflector.store.get({ namespace, name: "a" })?.data).toEqual({ n: "größer 🎿", m: "⛷".repeat(100) });
  });

  it("goes on when a listener throws", async () => {
    const { namespace, made } = await namespaced();
    const onChange = () => {
      throw new Error("a listener's mistake");
    };
    await using reflected = startReflected((await gated()).api, namespace, { onChange });
    await reflected.reflector.synced;
    await made("a");
    await reflected.agrees(direct);
    expect(reflected.logged).toContain("a listener failed on a change of the cache: a listener's mistake");
  });

  it("ends in peace, before it has begun too", async () => {
    const { namespace } = await namespaced();
    const { proxy, api } = await proxied();
    proxy.stall();
    const reflected = startReflected(api, namespace);
    await reflected[Symbol.asyncDispose]();
    await expect(reflected.reflector.synced).rejects.toThrow("the cache ended before it was filled");
    proxy.mend();
    await using second = startReflected(api, namespace);
    await second.reflector.synced;
    await second[Symbol.asyncDispose]();
    await second.reflector.synced;
    expect([...reflected.logged, ...second.logged].filter((line) => line.startsWith("watch"))).toEqual([]);
  });
});

describe("a connection that is lost", () => {
  it("costs no list: the watch goes on from its version, and nothing that happened meanwhile is missed", async () => {
    const { namespace, made, changed, deleted } = await namespaced();
    const old = await made("again");
    for (const name of ["kept", "changed", "gone"]) await made(name);
    const { proxy, api } = await proxied();
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    for (const n of ["1", "2"]) await changed("changed", { data: { n } });
    await expect.poll(() => reflected.told.filter((line) => line.startsWith("changed"))).toHaveLength(3);
    proxy.cut();
    await Promise.all([changed("changed", { data: { n: "3" } }), deleted("gone"), made("new"), deleted("again")]);
    const again = await made("again");
    reflected.told.length = 0;
    await expect.poll(() => reflected.logged.some((line) => line.startsWith("watch failed"))).toBe(true);
    proxy.mend();
    await reflected.agrees(direct);
    expect(reflected.told.filter((line) => line.startsWith("again"))).toEqual([
      `again: ${old.metadata.uid} > -`,
      `again: - > ${again.metadata.uid}`,
    ]);
    expect(reflected.told.filter((line) => line.startsWith("kept"))).toEqual([]);
    expect(reflected.counts.lists).toBe(1);
  });

  it("without a word is noticed by its silence", async () => {
    const { namespace, made, deleted } = await namespaced();
    await made("a");
    const clock = new FakeClock();
    const { proxy, api } = await proxied(clock);
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    proxy.stall();
    await deleted("a");
    await made("a");
    // A bookmark a minute would have come in between: nothing happens before one could be late.
    await clock.advance(80_000);
    expect(reflected.logged.filter((line) => line.startsWith("watch"))).toEqual([]);
    await clock.advance(6_000);
    await expect.poll(() => reflected.logged.some((line) => line.includes("ConfigMap watch silent for 85 s"))).toBe(true);
    proxy.mend();
    await reflected.agrees(direct);
    expect(reflected.counts.lists).toBe(1);
  });
});

const seeds = process.env["SNOWLINE_SEED"] === undefined ? [1, 2, 3] : [Number(process.env["SNOWLINE_SEED"])];
it.each(seeds)(
  "whatever happens to objects and connections, in the end the store is what a list says (seed %i)",
  async (seed) => {
    const random = seeded(seed);
    const { namespace, made, changed, deleted } = await namespaced();
    const { proxy, api } = await proxied();
    await using reflected = startReflected(api, namespace);
    const names = ["a", "b", "c", "d", "e"];
    const there = new Set<string>();
    const steps = 120;
    for (let step = 0; step < steps; step++) {
      const name = names[Math.floor(random() * names.length)]!;
      const dice = random();
      if (dice < 0.05) proxy.cut();
      else if (dice < 0.2) proxy.mend();
      else if (!there.has(name)) {
        await made(name);
        there.add(name);
      } else if (dice < 0.6) await changed(name, { data: { n: String(step) } });
      else {
        await deleted(name);
        there.delete(name);
        if (dice < 0.8) {
          await made(name);
          there.add(name);
        }
      }
    }
    proxy.mend();
    await reflected.agrees(direct);
  },
);
