import type { KubeObject } from "../kube/kube-object.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import type { Indexes, Store } from "./store.ts";

/** What became of one object: null is absence. A name that another object took is a deletion and an addition. */
export type OnChange<T extends KubeObject> = (before: T | null, after: T | null) => void;

/** A Store that its reflector fills. Each change is in it before it is told. */
export interface ObjectStore<T extends KubeObject> extends Store<T> {
  /** Everything that happened to the type's objects up to this version is in it. 0 before the first list. */
  readonly resourceVersion: bigint;
}

/** The writing side of an ObjectStore. */
export interface FilledStore<T extends KubeObject> extends ObjectStore<T> {
  /** Puts in an object that was added or changed. */
  put(object: T): void;
  /** Takes out an object that was deleted. */
  remove(object: T): void;
  /** Becomes what a list says, telling what differs. */
  replace(objects: Iterable<T>, resourceVersion: bigint): void;
  /** Is as new as this. */
  reached(resourceVersion: bigint): void;
}

/** An empty store. `onChange` must not throw. */
export function createObjectStore<T extends KubeObject>(indexes: Indexes<T>, onChange: OnChange<T>): FilledStore<T> {
  const objects = createNamedObjects<T>();
  const index = createIndex(indexes);
  let synced = false;
  let version = 0n;

  const set = (before: T | null, after: T | null): void => {
    if (before !== null) index.remove(before);
    if (after === null) objects.delete(keyOf(before!));
    else {
      objects.set(after);
      index.add(after);
    }
    onChange(before, after);
  };
  const put = (object: T): void => {
    const before = objects.get(keyOf(object)) ?? null;
    // As a list may tell again what a watch told before.
    if (before?.metadata.uid === object.metadata.uid && before?.metadata.resourceVersion === object.metadata.resourceVersion)
      return;
    if (before !== null && before.metadata.uid !== object.metadata.uid) {
      set(before, null);
      set(null, object);
    } else set(before, object);
  };
  return {
    get: (key) => objects.get(key) ?? null,
    list: () => [...objects.all()],
    by: index.by,
    get synced() {
      return synced;
    },
    get resourceVersion() {
      return version;
    },
    put,
    remove: (object) => {
      const before = objects.get(keyOf(object));
      if (before?.metadata.uid === object.metadata.uid) set(before!, null);
    },
    replace: (listed, resourceVersion) => {
      const wanted = createNamedObjects<T>();
      for (const object of listed) wanted.set(object);
      version = resourceVersion;
      synced = true;
      for (const object of objects.all()) if (wanted.get(keyOf(object)) === undefined) set(object, null);
      for (const object of wanted.all()) put(object);
    },
    reached: (resourceVersion) => (version = resourceVersion),
  };
}

/** The key of an object. */
export const keyOf = ({ metadata }: KubeObject): ObjectKey => ({ namespace: metadata.namespace ?? "", name: metadata.name });

/** Objects by namespace and name: texts that they have themselves, so that a store holds none of its own for each. */
function createNamedObjects<T extends KubeObject>() {
  const namespaces = new Map<string, Map<string, T>>();
  return {
    get: ({ namespace, name }: ObjectKey): T | undefined => namespaces.get(namespace)?.get(name),
    set(object: T): void {
      const { namespace, name } = keyOf(object);
      const named = namespaces.get(namespace);
      if (named === undefined) namespaces.set(namespace, new Map([[name, object]]));
      else named.set(name, object);
    },
    delete({ namespace, name }: ObjectKey): void {
      const named = namespaces.get(namespace);
      named?.delete(name);
      if (named?.size === 0) namespaces.delete(namespace);
    },
    *all(): Iterable<T> {
      for (const named of namespaces.values()) yield* named.values();
    },
  };
}

/** Finds objects by values. Most values belong to one object, which needs no set of its own. */
function createIndex<T extends KubeObject>(indexes: Indexes<T>) {
  const found = new Map(Object.keys(indexes).map((name) => [name, new Map<string, T | Set<T>>()]));
  return {
    add(object: T): void {
      for (const [name, valuesOf] of Object.entries(indexes)) {
        const byValue = found.get(name)!;
        for (const value of new Set(valuesOf(object))) {
          const there = byValue.get(value);
          if (there === undefined) byValue.set(value, object);
          else if (there instanceof Set) there.add(object);
          else byValue.set(value, new Set([there, object]));
        }
      }
    },
    remove(object: T): void {
      for (const [name, valuesOf] of Object.entries(indexes)) {
        const byValue = found.get(name)!;
        for (const value of new Set(valuesOf(object))) {
          const there = byValue.get(value);
          if (there instanceof Set) there.delete(object);
          if (there === object || (there instanceof Set && there.size === 0)) byValue.delete(value);
        }
      }
    },
    by(name: string, value: string): readonly T[] {
      const byValue = found.get(name);
      if (byValue === undefined) throw new Error(`store: there is no index "${name}"`);
      const there = byValue.get(value);
      if (there === undefined) return [];
      return there instanceof Set ? [...there] : [there];
    },
  };
}
