import type { Api, DeleteOptions, ListOptions, Page, WatchEvent, WatchOptions, WriteOptions } from "./api.ts";
import { isApiError } from "./api-error.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import type { KubeObject } from "./kube-object.ts";
import { keyText, type ObjectKey } from "./object-key.ts";
import type { Repetition } from "./repeat.ts";
import { type Line, type OnRequest, request } from "./request.ts";
import { acceptOf, collectionPath, objectPath, queryText, selectors } from "./request-path.ts";
import { apiVersionOf, type ResourceType } from "./resource-type.ts";
import type { Timing } from "./timing.ts";
import { openTransport } from "./transport.ts";
import { watch } from "./watch.ts";

/** What an Api over HTTP is made of. */
export interface HttpApiOptions {
  readonly access: ClusterAccess;
  /** Who asks: `snowline-operator/0.1.0`. */
  readonly userAgent: string;
  readonly timing: Timing;
  /** In [0, 1): spreads tries of many clients. */
  readonly random: () => number;
  readonly onRequest?: OnRequest;
}

/** An Api with connections of its own: disposing of it ends them, and what is under way on them. */
export interface HttpApi extends Api, AsyncDisposable {}

/** The API server at `access`. Nothing is sent before the first call. */
export function openHttpApi({ access, userAgent, timing, random, onRequest = () => {} }: HttpApiOptions): HttpApi {
  const transport = openTransport({ access, userAgent });
  const line: Line = { access, transport, timing, random, onRequest };
  return {
    get: (type, key, options = {}) => get(line, type, key, options),
    list: (type, options = {}) => list(line, type, options),
    watch: (type, options) => watchNamed(line, type, options),
    create: (type, object, options) => write(line, { type, method: "POST", object, options }),
    apply: (type, object, options) => write(line, { type, method: "PATCH", object, options }),
    replace: (type, object, options) => write(line, { type, method: "PUT", object, options }),
    patch: (type, key, content, options) => patch(line, type, { key, content, options }),
    delete: (type, key, options = {}) => remove(line, type, key, options),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

async function get<T extends KubeObject>(
  line: Line,
  type: ResourceType,
  key: ObjectKey,
  { signal }: { readonly signal?: AbortSignal },
): Promise<T | null> {
  const subject = { verb: "get", type, what: keyText(key) };
  const path = objectPath(type, key);
  return orNull(
    request(line, { method: "GET", path, accept: "application/json", subject, repetition: "harmless", signal }).then(
      (text) => JSON.parse(text) as T,
    ),
  );
}

async function list<T extends KubeObject>(line: Line, type: ResourceType, options: ListOptions): Promise<Page<T>> {
  const namespace = options.namespace ?? "";
  const { limit, continue: from, resourceVersion, signal } = options;
  const query = queryText({ ...selectors(options), limit, continue: from, resourceVersion });
  const text = await request(line, {
    method: "GET",
    path: `${collectionPath(type, namespace)}${query}`,
    accept: acceptOf(options, "list"),
    subject: { verb: "list", type, what: namespace },
    repetition: "harmless",
    signal,
  });
  const { metadata, items } = JSON.parse(text) as {
    readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
    readonly items: readonly T[] | null;
  };
  return {
    items: (items ?? []).map((item) => named(type, item)),
    resourceVersion: metadata.resourceVersion,
    continue: metadata.continue ?? "",
  };
}

async function* watchNamed<T extends KubeObject>(
  line: Line,
  type: ResourceType,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  for await (const event of watch<T>(line, type, options)) yield { type: event.type, object: named(type, event.object) };
}

interface Write<T extends KubeObject> {
  readonly type: ResourceType;
  readonly method: "POST" | "PATCH" | "PUT";
  readonly object: T;
  readonly options: WriteOptions;
}

const verbs = { POST: "create", PATCH: "apply", PUT: "replace" } as const;

async function write<T extends KubeObject>(line: Line, { type, method, object, options }: Write<T>): Promise<T> {
  const key = { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  const collection = collectionPath(type, key.namespace);
  const text = await request(line, {
    method,
    path: `${method === "POST" ? collection : objectPath(type, key, options.subresource)}${writeQuery(options, method === "PATCH")}`,
    accept: "application/json",
    body: { type: method === "PATCH" ? "application/apply-patch+yaml" : "application/json", text: JSON.stringify(object) },
    subject: { verb: verbs[method], type, what: keyText(key) },
    // A PUT that is made twice meets itself as a conflict.
    repetition: method === "PATCH" ? repetitionOf(object.metadata) : "harmful",
    signal: options.signal,
    guard: options.guard,
  });
  return JSON.parse(text) as T;
}

interface Patching {
  readonly key: ObjectKey;
  readonly content: object;
  readonly options: WriteOptions;
}

async function patch<T extends KubeObject>(line: Line, type: ResourceType, { key, content, options }: Patching): Promise<T> {
  const form = Array.isArray(content) ? "json-patch" : "merge-patch";
  const text = await request(line, {
    method: "PATCH",
    path: `${objectPath(type, key, options.subresource)}${writeQuery(options, false)}`,
    accept: "application/json",
    body: { type: `application/${form}+json`, text: JSON.stringify(content) },
    subject: { verb: "patch", type, what: keyText(key) },
    // A JSON patch may append.
    repetition: Array.isArray(content) ? "harmful" : repetitionOf((content as Partial<KubeObject>).metadata),
    signal: options.signal,
    guard: options.guard,
  });
  return JSON.parse(text) as T;
}

/** How a Conflict says that the precondition on the uid does not hold: its reason alone may also be a write in between. */
const otherUid = /UID in (the )?precondition/;

async function remove(line: Line, type: ResourceType, key: ObjectKey, options: DeleteOptions): Promise<boolean> {
  const { uid, propagationPolicy, signal, guard } = options;
  const content = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(uid !== undefined && { preconditions: { uid } }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
  };
  try {
    const subject = { verb: "delete", type, what: keyText(key) };
    const body = { type: "application/json", text: JSON.stringify(content) };
    const repetition = uid === undefined ? "harmful" : "harmless";
    const path = objectPath(type, key);
    await request(line, { method: "DELETE", path, accept: "application/json", body, subject, repetition, signal, guard });
    return true;
  } catch (error) {
    // Another object has the name now: this very one is not there.
    const another = uid !== undefined && isApiError(error, "Conflict") && otherUid.test(error.message);
    if (another || isApiError(error, "NotFound")) return false;
    throw error;
  }
}

function writeQuery({ fieldManager, dryRun }: WriteOptions, force: boolean): string {
  return queryText({ fieldManager, force: force || undefined, dryRun: dryRun === true ? "All" : undefined });
}

/** A write that names the very object, or its very version, can be said twice. */
function repetitionOf(metadata: Partial<KubeObject["metadata"]> | undefined): Repetition {
  return metadata?.uid === undefined && metadata?.resourceVersion === undefined ? "harmful" : "harmless";
}

/** Items of a list and metadata alone do not say what they are. */
const named = <T extends KubeObject>(type: ResourceType, object: T): T => ({
  ...object,
  apiVersion: apiVersionOf(type),
  kind: type.kind,
});

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isApiError(error, "NotFound")) return null;
    throw error;
  }
}
