import type { Api } from "../../../operator/kube/api.ts";
import { ApiError } from "../../../operator/kube/api-error.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { Lease } from "../../../operator/control/lease.ts";
import { keyText, type ObjectKey } from "../../../operator/kube/object-key.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";

type LeaseApi = Pick<Api, "get" | "create" | "replace">;

/** A client's way to the server, where requests and answers get lost or late. */
export interface Way {
  /** Resolves when the request arrives, be its sender still there or not; rejects where it never does. */
  there(): Promise<void>;
  /** Likewise for the answer. */
  back(): Promise<void>;
}

/** An API server's Leases in memory, as far as candidates use them; test/operator/control/memory-leases.test.ts holds it against a real one. */
export function createMemoryLeases() {
  const objects = new Map<string, Lease>();
  let version = 0;
  const store = (key: ObjectKey, object: KubeObject): KubeObject => {
    version += 1;
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    objects.set(keyText(key), stored);
    return stored;
  };
  const keyOf = ({ metadata }: KubeObject): ObjectKey => ({ namespace: metadata.namespace ?? "", name: metadata.name });
  const refuse = (code: number, reason: string): never => {
    throw new ApiError(`lease: ${reason}`, { code, reason });
  };
  const create = (object: KubeObject): KubeObject =>
    objects.has(keyText(keyOf(object))) ? refuse(409, "AlreadyExists") : store(keyOf(object), object);
  const replace = (object: KubeObject): KubeObject => {
    const before = objects.get(keyText(keyOf(object)));
    // A Lease that is not there is made by a PUT, whatever version it names.
    if (before !== undefined && before.metadata.resourceVersion !== object.metadata.resourceVersion)
      return refuse(409, "Conflict");
    return store(keyOf(object), object);
  };
  /** A client's own way to the server. */
  const clientBy = (way: Way): LeaseApi => {
    const deliver = async (answer: () => KubeObject | null): Promise<KubeObject | null> => {
      await way.there();
      const result = await Promise.allSettled([(async () => structuredClone(answer()))()]);
      await way.back();
      if (result[0].status === "rejected") throw result[0].reason;
      return result[0].value;
    };
    const ask = async <T>(signal: AbortSignal | undefined, answer: () => KubeObject | null): Promise<T> => {
      signal?.throwIfAborted();
      const { promise, reject } = Promise.withResolvers<never>();
      const giveUp = (): void => reject(signal?.reason);
      signal?.addEventListener("abort", giveUp);
      return (await Promise.race([deliver(answer), promise]).finally(() => signal?.removeEventListener("abort", giveUp))) as T;
    };
    return {
      get: <T extends KubeObject>(_: ResourceType, key: ObjectKey, options?: { readonly signal?: AbortSignal }) =>
        ask<T | null>(options?.signal, () => objects.get(keyText(key)) ?? null),
      create: <T extends KubeObject>(_: ResourceType, object: T, { signal }: { readonly signal?: AbortSignal }) =>
        ask<T>(signal, () => create(object)),
      replace: <T extends KubeObject>(_: ResourceType, object: T, { signal }: { readonly signal?: AbortSignal }) =>
        ask<T>(signal, () => replace(object)),
    };
  };
  return { clientBy, get: (key: ObjectKey) => objects.get(keyText(key)) ?? null };
}
