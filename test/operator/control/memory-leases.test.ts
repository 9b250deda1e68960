import { expect, test } from "vitest";
import type { Api } from "../../../operator/kube/api.ts";
import { leaseType } from "../../../operator/control/lease.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openApi } from "../open-api.ts";
import { createMemoryLeases } from "./memory-leases.ts";

const now = async (): Promise<void> => {};

test.for([
  ["in memory", async () => ({ api: createMemoryLeases().clientBy({ there: now, back: now }), close: now })],
  [
    "of the API server",
    async () => {
      const api = await openApi((await sharedApiServer()).kubeconfig);
      return { api, close: async () => api[Symbol.asyncDispose]() };
    },
  ],
] as const)("leases %s: one create and one replace of each version succeeds", async ([, open]) => {
  const { api, close }: { api: Pick<Api, "get" | "create" | "replace">; close: () => Promise<void> } = await open();
  const key = { namespace: "default", name: uniqueName("lease") };
  const options = { fieldManager: "test" };
  const lease = (metadata: object): KubeObject => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...key, ...metadata },
  });
  expect(await api.get(leaseType, key)).toBeNull();
  const other = { name: uniqueName("lease"), resourceVersion: "1" };
  expect((await api.replace(leaseType, lease(other), options)).metadata.name).toBe(other.name);
  const made = await api.create(leaseType, lease({}), options);
  await expect(api.create(leaseType, lease({}), options)).rejects.toMatchObject({ reason: "AlreadyExists" });
  const labels = { a: "1" };
  const changed = await api.replace(leaseType, { ...made, metadata: { ...made.metadata, labels } }, options);
  expect(changed.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
  await expect(api.replace(leaseType, made, options)).rejects.toMatchObject({ reason: "Conflict" });
  expect((await api.get(leaseType, key))?.metadata).toMatchObject({ labels, resourceVersion: changed.metadata.resourceVersion });
  await close();
});
