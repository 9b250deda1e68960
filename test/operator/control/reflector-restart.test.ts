import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../operator/control/clock.ts";
import { openHttpApi } from "../../../operator/kube/http-api.ts";
import { kubeconfigAccess } from "../../../operator/kube/kubeconfig-access.ts";
import { type ApiServer, startApiServer } from "../../cluster/api-server.ts";
import { openApi } from "../open-api.ts";
import { type ConfigMap, configMaps, startReflected } from "./reflected.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

const namespace = "default";
const startTimeoutMs = 120_000;

/** An API server of the test's own, a client straight at it and one through a proxy. */
async function place(extraArgs: readonly string[] = []) {
  const server = await startApiServer({ extraArgs });
  const direct = await openApi(server.kubeconfig);
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const access = await kubeconfigAccess({ file: server.kubeconfig }, systemClock);
  const through = { ...access, server: `https://127.0.0.1:${proxy.port}` };
  const api = openHttpApi({ access: through, userAgent: "snowline-test", timing: systemClock, random: Math.random });
  onTestFinished(async () => {
    for (const part of [api, direct, proxy, server]) await part[Symbol.asyncDispose]();
  });
  const made = (name: string) =>
    direct.create<ConfigMap>(
      configMaps,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name } },
      { fieldManager: "t" },
    );
  const deleted = (name: string) => direct.delete(configMaps, { namespace, name });
  return { server, direct, proxy, api, made, deleted };
}

/** Everything before now is forgotten: a watch from there cannot be had any more. */
async function compact(server: ApiServer): Promise<void> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${server.etcdUrl}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
    return (await response.json()) as { readonly header: { readonly revision: string } };
  };
  const { header } = await post("range", { key: Buffer.from("none").toString("base64") });
  await post("compaction", { revision: header.revision, physical: true });
}

it(
  "a version that is gone for good, while objects came, went and were made anew, is made up for by a list",
  { timeout: startTimeoutMs },
  async () => {
    // Without its cache the server watches etcd itself.
    const { server, direct, proxy, api, made, deleted } = await place(["--watch-cache=false"]);
    const again = await made("again");
    const kept = await made("kept");
    const gone = await made("gone");
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    reflected.told.length = 0;
    proxy.cut();
    await deleted("gone");
    await deleted("again");
    const anew = await made("again");
    const fresh = await made("new");
    await compact(server);
    proxy.mend();
    await reflected.agrees(direct);
    expect(reflected.logged).toContain("watch is too far behind: everything is listed again");
    expect(reflected.counts.lists).toBe(2);
    expect(reflected.told.toSorted()).toEqual(
      [
        `again: ${again.metadata.uid} > -`,
        `again: - > ${anew.metadata.uid}`,
        `gone: ${gone.metadata.uid} > -`,
        `new: - > ${fresh.metadata.uid}`,
      ].toSorted(),
    );
    expect(reflected.reflector.store.get({ namespace, name: "kept" })?.metadata.uid).toBe(kept.metadata.uid);
  },
);

it(
  "an API server that is started again is followed again, whatever happened before its client found it",
  { timeout: startTimeoutMs },
  async () => {
    const { server, direct, proxy, api, made, deleted } = await place();
    await made("a");
    await using reflected = startReflected(api, namespace);
    await reflected.reflector.synced;
    await server.restart();
    await made("b");
    await reflected.agrees(direct);
    // Its cache begins with the restart: what happened before, unseen by us, it cannot tell.
    proxy.cut();
    await deleted("a");
    await made("c");
    await server.restart();
    await made("d");
    proxy.mend();
    await reflected.agrees(direct);
    expect(reflected.logged).toContain("watch is too far behind: everything is listed again");
  },
);
