import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { applyOwned } from "../../../operator/kube/apply-owned.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { NotOurs } from "../../../operator/kube/not-ours.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openApi } from "../open-api.ts";
import { countedApi } from "./counted-api.ts";

const deployments: ResourceType = { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true };
const configMaps: ResourceType = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly minReadySeconds?: number;
    readonly template: {
      readonly metadata: object;
      readonly spec: { readonly containers: readonly { readonly image: string }[] };
    };
  };
}

const digestAnnotation = "test.dev/applied";
const namespace = uniqueName("owned");
let server: ApiAccess;
beforeAll(async () => {
  server = await sharedApiServer();
  await server.kubectl(["create", "namespace", namespace]);
  return async () => void (await server.kubectl(["delete", "namespace", namespace, "--wait=false"]));
});

/** An owner and what it wants. */
async function place() {
  const { api, calls } = countedApi(await openApi(server.kubeconfig));
  onTestFinished(() => api[Symbol.asyncDispose]());
  const owner = await api.create<KubeObject>(
    configMaps,
    { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name: uniqueName("owner") } },
    { fieldManager: "owner" },
  );
  const key = { namespace, name: uniqueName("child") };
  const wanted = (spec: Partial<Deployment["spec"]> = {}, labels: object = {}): Deployment => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...key, labels: { app: "a", ...labels }, ownerReferences: [ownerReference(owner)] },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "a" } },
      template: {
        metadata: { labels: { app: "a" } },
        spec: { containers: [{ name: "main", image: "one", resources: { limits: { cpu: "1000m", memory: "1024Mi" } } }] },
      },
      ...spec,
    } as Deployment["spec"],
  });
  const read = async (): Promise<Deployment> => (await api.get<Deployment>(deployments, key))!;
  const applied = async (desired: Deployment, live: Deployment | null) => {
    calls.length = 0;
    return applyOwned({
      api,
      type: deployments,
      desired,
      live,
      ownerUid: owner.metadata.uid!,
      fieldManager: "us",
      digestAnnotation,
    });
  };
  const kubectl = (args: readonly string[]) => server.kubectl(["-n", namespace, ...args]);
  return { api, calls, key, wanted, read, applied, kubectl };
}
const ownerReference = ({ kind, metadata }: KubeObject) => ({
  apiVersion: "v1",
  kind,
  name: metadata.name,
  uid: metadata.uid!,
  controller: true,
});

describe("what is ours", () => {
  it("is made with one request, and left alone with none while nothing changes", async () => {
    const { calls, wanted, applied, read } = await place();
    expect(await applied(wanted(), null)).toMatchObject({ outcome: "created", drift: null });
    expect(calls).toEqual(["create"]);
    expect(await applied(wanted(), await read())).toMatchObject({ outcome: "unchanged", drift: null });
    expect(calls).toEqual([]);
  });

  it("is met where the cache does not have it yet", async () => {
    const { calls, wanted, applied } = await place();
    await applied(wanted(), null);
    expect(await applied(wanted(), null)).toMatchObject({ outcome: "unchanged" });
    expect(calls).toEqual(["create", "get"]);
    const { outcome, object } = await applied(wanted({ replicas: 2 }), null);
    expect([outcome, object.spec.replicas]).toEqual(["changed", 2]);
  });

  it("loses the fields that are no longer wanted, those of the first POST too, and keeps those of others", async () => {
    const { calls, wanted, applied, read, kubectl, key } = await place();
    await applied(wanted({ minReadySeconds: 5 }, { gone: "soon" }), null);
    await kubectl(["annotate", "deployment", key.name, "theirs=kept"]);
    await kubectl(["patch", "deployment", key.name, "-p", '{"spec":{"paused":true}}']);
    const changed = await applied(wanted(), await read());
    expect(changed).toMatchObject({ outcome: "changed", drift: null });
    expect(new Set(calls)).toEqual(new Set(["get", "patch", "apply"]));
    expect(changed.object.metadata.labels).toEqual({ app: "a" });
    expect(changed.object.spec).toMatchObject({ paused: true });
    expect(changed.object.spec.minReadySeconds).toBeUndefined();
    expect(changed.object.metadata.annotations).toMatchObject({ theirs: "kept" });
    expect(
      changed.object.metadata.managedFields?.filter(({ manager }) => manager === "us").map(({ operation }) => operation),
    ).toEqual(["Apply"]);
    await applied(wanted({ replicas: 3 }), changed.object);
    expect(calls, "later changes are one request").toEqual(["apply"]);
  });

  it.each<[string, readonly string[], string]>([
    ["kubectl scale", ["scale", "--replicas=4"], "spec.replicas"],
    ["kubectl set image", ["set", "image", "main=two"], "spec.template.spec.containers[0].image"],
    ["kubectl label", ["label", "--overwrite", "app=b"], "metadata.labels.app"],
    ["kubectl annotate, of our digest", ["annotate", `${digestAnnotation}-`], "metadata.annotations.test.dev/applied"],
  ])("is brought back after %s", async (_name, [verb, ...args], drift) => {
    const { wanted, applied, read, kubectl, key } = await place();
    await applied(wanted(), null);
    const set = verb === "set" ? ["set", "image", `deployment/${key.name}`, args[1]!] : [verb!, "deployment", key.name, ...args];
    await kubectl(set);
    const { outcome, drift: found, object } = await applied(wanted(), await read());
    expect([outcome, found]).toEqual(["changed", drift.startsWith("metadata.annotations") ? null : drift]);
    expect(object).toMatchObject({ metadata: { labels: { app: "a" } }, spec: { replicas: 1 } });
    expect(object.spec.template.spec.containers[0]!.image).toBe("one");
    expect((await applied(wanted(), object)).outcome).toBe("unchanged");
  });

  it("is not brought to life again while it is deleted", async () => {
    const { api, calls, wanted, applied, read, key } = await place();
    await applied({ ...wanted(), metadata: { ...wanted().metadata, finalizers: ["test.dev/wait"] } }, null);
    await api.delete(deployments, key);
    expect(await applied(wanted({ replicas: 2 }), await read())).toMatchObject({ outcome: "unchanged" });
    expect(calls).toEqual([]);
    await api.patch(deployments, key, { metadata: { finalizers: null } }, { fieldManager: "test" });
  });

  it.each([
    ["another", false, { name: "NotOurs" }],
    ["us", true, { name: "ApiError", reason: "Conflict" }],
  ])("made anew by %s, under a cache that has the old one, is not touched", async (_name, byUs, error) => {
    const { api, wanted, applied, read, key } = await place();
    const old = (await applied(wanted(), null)).object;
    await api.delete(deployments, key);
    await expect.poll(() => api.get(deployments, key)).toBeNull();
    const again: Deployment = byUs ? wanted() : { ...wanted(), metadata: key };
    const made = await api.create(deployments, again, { fieldManager: byUs ? "us" : "them" });
    for (const live of [old, { ...old, metadata: { ...old.metadata, managedFields: [] } }])
      await expect(applied(wanted({ replicas: 3 }), live)).rejects.toMatchObject(error);
    expect((await read()).metadata).toMatchObject({ generation: 1, uid: made.metadata.uid });
    await api.delete(deployments, key);
    await expect.poll(() => api.get(deployments, key)).toBeNull();
    await expect(applied(wanted({ replicas: 3 }), old)).rejects.toMatchObject({ reason: "Conflict" });
  });
});

describe("what is not ours", () => {
  it.each(["nobody's", "another's", "ours to collect, but controlled by nobody"])("is left as it is: %s", async (whose) => {
    const { api, calls, wanted, applied, read, key } = await place();
    const other = await place();
    const [ours, others] = [wanted, other.wanted].map((of) => of().metadata.ownerReferences?.[0]);
    const ownerReferences = whose === "nobody's" ? [] : whose === "another's" ? [others!] : [{ ...ours!, controller: false }];
    const theirs = await api.create<Deployment>(
      deployments,
      { ...wanted(), metadata: { ...key, ownerReferences } },
      { fieldManager: "them" },
    );
    for (const live of [null, theirs]) {
      const error = await applied(wanted({ replicas: 2 }), live).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NotOurs);
      expect(calls).toEqual(live === null ? ["create", "get"] : []);
      const owner = whose === "another's" ? `ConfigMap ${others!.name} (uid ${others!.uid})` : "nobody";
      expect((error as NotOurs).message).toBe(
        `Deployment ${namespace}/${key.name}: belongs to ${owner}, so it is left alone: rename or delete it`,
      );
    }
    expect((await read()).metadata).toMatchObject({ generation: 1, uid: theirs.metadata.uid });
    await api.delete(deployments, key);
  });
});
