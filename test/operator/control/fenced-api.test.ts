import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { fencedApi } from "../../../operator/control/fenced-api.ts";
import { LeadershipLost } from "../../../operator/control/leadership.ts";
import type { Api } from "../../../operator/kube/api.ts";
import { openHttpApi } from "../../../operator/kube/http-api.ts";
import { FakeClock } from "./fake-clock.ts";

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

test("a write that is tried again asks the term before each try", async () => {
  const clock = new FakeClock();
  let sent = 0;
  let answered = false;
  const server = createServer((request, response) => {
    sent += 1;
    response.writeHead(429, { "retry-after": "1", "content-type": "application/json" }).end("{}");
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const access = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    namespace: "a",
    proxyUrl: null,
    credentials: () => Promise.resolve({ tls: {}, headers: {} }),
    refused: () => {},
  };
  await using api = openHttpApi({
    access,
    userAgent: "test",
    timing: clock,
    random: () => 0,
    onRequest: () => (answered = true),
  });
  let valid = true;
  const fenced = fencedApi(api, { signal: new AbortController().signal, isValid: () => valid });
  let outcome: unknown = null;
  void fenced.create(type, object, options).catch((error: unknown) => (outcome = error));
  await vi.waitUntil(() => answered);
  // As after a block: the pause passes, and the end of the term has not been told.
  valid = false;
  await vi.waitUntil(() => {
    clock.skip(1_000);
    return outcome !== null || sent > 1;
  });
  expect(outcome).toBeInstanceOf(LeadershipLost);
  expect(sent).toBe(1);
  await new Promise((resolve) => server.close(resolve));
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
