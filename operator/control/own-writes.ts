import type { Logger } from "pino";
import type { KubeObject } from "../kube/kube-object.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import type { Clock } from "./clock.ts";
import { keyOf, type ObjectStore } from "./object-store.ts";

/**
 * Keeps a controller from deciding on a cache that does not yet have what the controller itself wrote: it would make a second
 * one of what it has made. `owner` is the key of the reconcile that wrote.
 */
export interface OwnWrites {
  /** An object was made or changed. `store` is where it will show. */
  wrote<T extends KubeObject>(owner: ObjectKey, object: KubeObject, store: ObjectStore<T>): void;
  /** An object is to go. */
  deleted<T extends KubeObject>(owner: ObjectKey, object: KubeObject, store: ObjectStore<T>): void;
  /** True once the caches have all that was noted for the owner. */
  caughtUp(owner: ObjectKey): boolean;
}

/**
 * A write shows in a watch within milliseconds. One that has not after this long, in milliseconds, will not: a selector may
 * leave it out.
 */
const unseenMsMax = 30_000;
/** Owners kept at most: more only if nobody asks for them. Those that are over are dropped then. */
const ownersMax = 10_000;

interface Awaited {
  readonly what: string;
  readonly seen: () => boolean;
  readonly untilMs: number;
}

/**
 * Starts with nothing noted. resourceVersions of one type are compared as numbers, as KEP-5504 allows. `log` hears of writes
 * that were never seen.
 */
export function createOwnWrites(clock: Pick<Clock, "monotonic">, log: Pick<Logger, "warn">): OwnWrites {
  const awaited = new Map<string, Awaited[]>();
  const note = (owner: ObjectKey, object: KubeObject, seen: () => boolean): void => {
    if (seen()) return;
    if (awaited.size >= ownersMax) for (const name of awaited.keys()) settle(name);
    const name = keyText(owner);
    const what = `${object.kind} ${keyText(keyOf(object))}`;
    const rest = (awaited.get(name) ?? []).filter((write) => write.what !== what);
    awaited.set(name, [...rest, { what, seen, untilMs: clock.monotonic() + unseenMsMax }]);
  };
  const settle = (name: string): boolean => {
    const waiting = (awaited.get(name) ?? []).filter(({ what, seen, untilMs }) => {
      if (seen()) return false;
      if (clock.monotonic() < untilMs) return true;
      log.warn({ owner: name, object: what, afterMs: unseenMsMax }, "own write not seen by the watch: going on without");
      return false;
    });
    if (waiting.length === 0) awaited.delete(name);
    else awaited.set(name, waiting);
    return waiting.length === 0;
  };
  return {
    wrote: (owner, object, store) => {
      const version = BigInt(object.metadata.resourceVersion ?? "0");
      note(owner, object, () => store.resourceVersion >= version);
    },
    deleted: (owner, object, store) => {
      const key = keyOf(object);
      note(owner, object, () => {
        const there = store.get(key);
        return there?.metadata.uid !== object.metadata.uid || there?.metadata.deletionTimestamp !== undefined;
      });
    },
    caughtUp: (owner) => settle(keyText(owner)),
  };
}
