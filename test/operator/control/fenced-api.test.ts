import { expect, test } from "vitest";
import { fencedApi } from "../../../operator/control/fenced-api.ts";
import { LeadershipLost } from "../../../operator/control/leadership.ts";
import type { Api } from "../../../operator/kube/api.ts";

const type = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
const key = { namespace: "a", name: "b" };
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: key };
const options = { fieldManager: "test" };

/** An API that answers nothing but what it was asked, or hangs until it is aborted. */
function start(hangs = false) {
  const asked: string[] = [];
  const state = { valid: true, end: new AbortController() };
  const call =
    (verb: string) =>
    async (...args: readonly unknown[]): Promise<never> => {
      asked.push(verb);
      const { signal } = (args.at(-1) ?? {}) as { readonly signal?: AbortSignal };
      if (hangs) await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
      return undefined as never;
    };
  const verbs = ["get", "list", "watch", "create", "apply", "patch", "replace", "delete"];
  const api = Object.fromEntries(verbs.map((verb) => [verb, call(verb)])) as unknown as Api;
  const fenced = fencedApi(api, { signal: state.end.signal, isValid: () => state.valid });
  return { asked, state, fenced };
}

const writes: Readonly<Record<string, (api: Api) => Promise<unknown>>> = {
  create: (api) => api.create(type, object, options),
  apply: (api) => api.apply(type, object, options),
  patch: (api) => api.patch(type, key, {}, options),
  replace: (api) => api.replace(type, object, options),
  delete: (api) => api.delete(type, key),
};

test.for(Object.entries(writes))("%s goes out only while the term holds, whatever its signal says", async ([verb, write]) => {
  const { asked, state, fenced } = start();
  await write(fenced);
  expect(asked).toEqual([verb]);
  state.valid = false;
  await expect(write(fenced)).rejects.toThrow(LeadershipLost);
  expect(asked).toEqual([verb]);
});

test.for(Object.entries(writes))("%s on its way ends with the term", async ([, write]) => {
  const { state, fenced } = start(true);
  const writing = write(fenced);
  state.end.abort(new LeadershipLost("lease: lost"));
  await expect(writing).rejects.toThrow(LeadershipLost);
});

test("reads go through without a term", async () => {
  const { asked, state, fenced } = start();
  state.valid = false;
  await fenced.get(type, key);
  await fenced.list(type);
  expect(asked).toEqual(["get", "list"]);
});
