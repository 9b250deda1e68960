import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../../../operator/kube/api-error.ts";
import type { ClusterAccess } from "../../../operator/kube/cluster-access.ts";
import { type HttpApi, openHttpApi } from "../../../operator/kube/http-api.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { registerRequestMetrics } from "../../../operator/kube/request-metrics.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import type { Timing } from "../../../operator/kube/timing.ts";

const secret = "a.secret.token";
const pods: ResourceType = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true };
const key = { namespace: "demo", name: "a" };
const pod: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: key };
const byManager = { fieldManager: "us" };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
/** Answers in turn; the last one for all that follow. */
let answers: Answer[] = [];
let seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const sockets = new Set<Socket>();
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part: Buffer) => (body += part.toString()));
  request.on("end", () => {
    seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
  });
});
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});

const json =
  (status: number, body: object, headers = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
const refused = (code: number, reason: string, more: object = {}, headers = {}) =>
  json(code, { kind: "Status", code, reason, message: "in the server's words", ...more }, headers);
const cut: Answer = (request) => request.socket.destroy();

/** Pauses of the retries, in milliseconds: waited for a hundredth of them. */
let pauses: number[] = [];
/** While it is there, pauses last until the test ends them. */
let held: (() => void)[] | null = null;
/** Deadlines are not waited for unless a test makes them. */
let deadlineMs = 60_000;
const timing: Timing = {
  monotonic: () => performance.now(),
  after: (delayMs, call) => {
    const isPause = delayMs < 20_000;
    if (isPause) pauses.push(Math.round(delayMs));
    if (isPause && held !== null) {
      held.push(call);
      return () => {};
    }
    const timer = setTimeout(call, isPause ? delayMs / 100 : deadlineMs);
    return () => clearTimeout(timer);
  },
};
const registry = new Registry();
const onRequest = registerRequestMetrics(registry);
let refusals = 0;
let api: HttpApi;

beforeEach(async () => {
  [answers, seen, pauses, held, refusals, deadlineMs] = [[], [], [], null, 0, 60_000];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const access: ClusterAccess = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind`,
    namespace: "default",
    credentials: () => Promise.resolve({ tls: {}, headers: { authorization: `Bearer ${secret}${refusals}` } }),
    refused: () => refusals++,
  };
  api = openHttpApi({ access, userAgent: "snowline-operator/1.2.3", timing, random: () => 0.5, onRequest });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error as ApiError,
  );

describe("what goes out", () => {
  it("says who asks, for what, below the server's path", async () => {
    answers = [json(200, pod)];
    await api.get(pods, key);
    await api.list(
      { ...pods, group: "apps", kind: "Deployment", plural: "deployments" },
      { labelSelector: "a in (b)", limit: 5 },
    );
    await api.list(pods, { namespace: "demo", metadataOnly: true, resourceVersion: "0" });
    await api.create(pods, pod, { ...byManager, dryRun: true });
    await api.apply(pods, pod, { ...byManager, subresource: "status" });
    await api.patch(pods, key, { metadata: {} }, byManager);
    await api.patch(pods, key, [], byManager);
    await api.replace(pods, pod, byManager);
    await api.delete(pods, key, { uid: "1", propagationPolicy: "Foreground" });
    expect(seen.map(({ method, url, headers }) => `${method} ${url} ${headers["content-type"] ?? ""}`.trim())).toEqual([
      "GET /behind/api/v1/namespaces/demo/pods/a",
      "GET /behind/apis/apps/v1/deployments?labelSelector=a+in+%28b%29&limit=5",
      "GET /behind/api/v1/namespaces/demo/pods?resourceVersion=0",
      "POST /behind/api/v1/namespaces/demo/pods?fieldManager=us&dryRun=All application/json",
      "PATCH /behind/api/v1/namespaces/demo/pods/a/status?fieldManager=us&force=true application/apply-patch+yaml",
      "PATCH /behind/api/v1/namespaces/demo/pods/a?fieldManager=us application/merge-patch+json",
      "PATCH /behind/api/v1/namespaces/demo/pods/a?fieldManager=us application/json-patch+json",
      "PUT /behind/api/v1/namespaces/demo/pods/a?fieldManager=us application/json",
      "DELETE /behind/api/v1/namespaces/demo/pods/a application/json",
    ]);
    expect(seen[0]!.headers).toMatchObject({ "user-agent": "snowline-operator/1.2.3", authorization: `Bearer ${secret}0` });
    expect(seen[2]!.headers.accept).toBe("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    expect(JSON.parse(seen[8]!.body)).toMatchObject({ preconditions: { uid: "1" }, propagationPolicy: "Foreground" });
  });

  it.each([
    ["an empty name, which would mean all objects", { namespace: "demo", name: "" }],
    ["no namespace", { namespace: "", name: "a" }],
  ])("never has %s", async (_name, wrong) => {
    await expect(api.delete(pods, wrong)).rejects.toThrow(/Pod/);
    expect(seen).toEqual([]);
  });
});

describe("an answer that refuses", () => {
  it("is an ApiError in Kubernetes' words, without what was sent", async () => {
    answers = [refused(422, "Invalid")];
    const error = await caught(api.create(pods, pod, byManager));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 422, reason: "Invalid", message: "create Pod demo/a: in the server's words" });
    expect(JSON.stringify([error, error?.stack])).not.toContain(secret);
  });

  it("that the object is not there is null, that the type is not there is an error", async () => {
    answers = [
      refused(404, "NotFound"),
      refused(404, "NotFound"),
      (_request, response) => response.writeHead(404).end("404 page not found"),
    ];
    expect(await api.get(pods, key)).toBeNull();
    expect(await api.delete(pods, key)).toBe(false);
    expect(await caught(api.get(pods, key))).toMatchObject({ reason: "TypeNotServed", code: 404 });
  });

  it("for credentials has them read anew, once", async () => {
    answers = [refused(401, "Unauthorized"), json(200, pod)];
    await api.create(pods, pod, byManager);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${secret}0`, `Bearer ${secret}1`]);
    answers = [refused(401, "Unauthorized")];
    seen = [];
    expect(await caught(api.create(pods, pod, byManager))).toMatchObject({ code: 401 });
    expect(seen).toHaveLength(2);
  });
});

describe("trying again", () => {
  it("waits as long as the server asks after 429, for writes too", async () => {
    const busy = refused(429, "TooManyRequests", {}, { "retry-after": "1" });
    answers = [busy, busy, json(201, pod)];
    await api.create(pods, pod, byManager);
    expect(pauses).toEqual([1250, 1250]);
  });

  it("leaves it to the caller to wait longer", async () => {
    answers = [refused(429, "TooManyRequests", { details: { retryAfterSeconds: 60 } })];
    expect(await caught(api.get(pods, key))).toMatchObject({ reason: "TooManyRequests", retryAfterMs: 60_000 });
    expect(seen).toHaveLength(1);
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ["reads", () => api.get(pods, key), 3],
    ["lists", () => api.list(pods), 3],
    ["applies that name the very object", () => api.apply(pods, { ...pod, metadata: { ...key, uid: "1" } }, byManager), 3],
    ["merge patches that name the version", () => api.patch(pods, key, { metadata: { resourceVersion: "1" } }, byManager), 3],
    ["deletes of the very object", () => api.delete(pods, key, { uid: "1" }), 3],
    ["no creates", () => api.create(pods, pod, byManager), 1],
    ["no applies to whatever has the name", () => api.apply(pods, pod, byManager), 1],
    ["no JSON patches", () => api.patch(pods, key, [{ op: "test", path: "/metadata/uid", value: "1" }], byManager), 1],
    ["no replacements", () => api.replace(pods, { ...pod, metadata: { ...key, resourceVersion: "1" } }, byManager), 1],
    ["no deletes of whatever has the name", () => api.delete(pods, key), 1],
  ])("after a lost connection and a 503: %s", async (_name, call, tries) => {
    answers = [cut, refused(503, "ServiceUnavailable"), json(200, { ...pod, items: [] })];
    const error = await caught(call());
    expect(seen).toHaveLength(tries);
    expect(error === null).toBe(tries > 1);
    answers = [refused(503, "ServiceUnavailable"), cut, json(200, { ...pod, items: [] })];
    seen = [];
    await caught(call());
    expect(seen).toHaveLength(tries);
  });

  it("happens for a write where nobody listened: it cannot have been seen", async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    held = [];
    const error = caught(api.create(pods, pod, byManager));
    await expect.poll(() => pauses.length).toBe(1);
    answers = [json(201, pod)];
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    for (const end of held) end();
    expect(await error).toBeNull();
  });

  it("ends after five times", async () => {
    answers = [refused(500, "InternalError")];
    expect(await caught(api.get(pods, key))).toMatchObject({ code: 500 });
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
  });

  it("ends with the caller's signal, in a pause as in a request", async () => {
    answers = [refused(429, "TooManyRequests", {}, { "retry-after": "10" })];
    held = [];
    const inPause = new AbortController();
    const pausing = caught(api.get(pods, key, { signal: inPause.signal }));
    await expect.poll(() => pauses.length).toBe(1);
    inPause.abort(new Error("stop"));
    expect(await pausing).toMatchObject({ message: "stop" });
    answers = [() => {}];
    const inRequest = new AbortController();
    const waiting = caught(api.get(pods, key, { signal: inRequest.signal }));
    await expect.poll(() => seen.length).toBe(2);
    inRequest.abort(new Error("stop"));
    expect(await waiting).toMatchObject({ message: "stop" });
    expect((await caught(api.get(pods, key, { signal: inRequest.signal })))?.message).toBe("stop");
  });
});

it("a server that does not answer is given up", async () => {
  deadlineMs = 50;
  answers = [() => {}];
  expect((await caught(api.create(pods, pod, byManager)))?.message).toMatch(/no answer \(none within (30|75) s\)/);
});

it("requests are counted under client-go's names, those without an answer too", async () => {
  registry.resetMetrics();
  answers = [json(200, pod), cut, refused(409, "Conflict")];
  await api.get(pods, key);
  await caught(api.create(pods, pod, byManager));
  await caught(api.replace(pods, pod, byManager));
  const { host } = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const metrics = await registry.metrics();
  for (const [code, method] of [
    ["200", "GET"],
    ["<error>", "POST"],
    ["409", "PUT"],
  ])
    expect(metrics).toContain(`rest_client_requests_total{code="${code}",method="${method}",host="${host}"} 1`);
  expect(metrics).toContain(`rest_client_request_duration_seconds_count{verb="GET",host="${host}"} 1`);
});

describe("a watch", () => {
  const options = { timeoutSeconds: 300, silenceMsMax: 30_000, signal: new AbortController().signal };
  const begin: Answer = (_request, response) =>
    response.writeHead(200).write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');

  it("gives up its socket when nobody listens any more, or its signal ends", async () => {
    answers = [begin];
    for await (const { object } of api.watch(pods, options)) {
      expect(object).toEqual({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" } });
      break;
    }
    await expect.poll(() => sockets.size).toBe(0);
    const stop = new AbortController();
    const iterator = api.watch(pods, { ...options, signal: stop.signal })[Symbol.asyncIterator]();
    await iterator.next();
    stop.abort(new Error("stop"));
    await expect(iterator.next()).rejects.toThrow("stop");
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("is not tried again, and fails with the server's words", async () => {
    answers = [refused(410, "Expired")];
    await expect(api.watch(pods, options)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 410, reason: "Expired" });
    expect(seen).toHaveLength(1);
    answers = [
      (_request, response) =>
        response
          .writeHead(200)
          .end('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Gone","message":"too old"}}\n'),
    ];
    const iterator = api.watch(pods, options)[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: 410, reason: "Gone", message: "watch Pod: too old" });
  });

  it("that breaks off is an error; one that ends is not", async () => {
    answers = [
      (request, response) => {
        begin(request, response);
        setImmediate(() => request.socket.destroy());
      },
    ];
    const broken = api.watch(pods, options)[Symbol.asyncIterator]();
    await broken.next();
    await expect(broken.next()).rejects.toThrow("no answer");
    answers = [
      (request, response) => {
        begin(request, response);
        response.end();
      },
    ];
    const whole = api.watch(pods, options)[Symbol.asyncIterator]();
    await whole.next();
    expect((await whole.next()).done).toBe(true);
  });

  it("that is silent for too long is given up, with its socket", async () => {
    deadlineMs = 50;
    answers = [begin];
    const iterator = api.watch(pods, options)[Symbol.asyncIterator]();
    await iterator.next();
    await expect(iterator.next()).rejects.toThrow("no answer (Pod watch silent for 30 s)");
    await expect.poll(() => sockets.size).toBe(0);
  });
});
