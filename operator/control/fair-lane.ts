import { createFifo, type Fifo } from "./fifo.ts";

/** Items that wait, first come first served within a namespace, the namespaces in turn: ten thousand of one keep nobody else's waiting. */
export interface FairLane<T> {
  readonly size: number;
  /** An item that is in is not put in again. */
  push(item: T): void;
  /** The oldest item of the namespace whose turn it is; undefined where nothing waits. */
  take(): T | undefined;
  /** Takes an item out of its turn. */
  remove(item: T): void;
}

/** An empty lane. `namespaceOf` always answers the same for an item. */
export function createFairLane<T>(namespaceOf: (item: T) => string): FairLane<T> {
  const waiting = new Set<T>();
  const namespaces = new Map<string, Fifo<T>>();
  const turns = createFifo<string>();

  /** Next of a namespace that was not removed meanwhile. */
  const next = (items: Fifo<T>): T | undefined => {
    for (let item = items.shift(); item !== undefined; item = items.shift()) if (waiting.delete(item)) return item;
    return undefined;
  };
  return {
    get size() {
      return waiting.size;
    },
    push: (item) => {
      if (waiting.has(item)) return;
      waiting.add(item);
      const namespace = namespaceOf(item);
      const items = namespaces.get(namespace);
      if (items !== undefined) return items.push(item);
      const first = createFifo<T>();
      first.push(item);
      namespaces.set(namespace, first);
      turns.push(namespace);
    },
    take: () => {
      for (let namespace = turns.shift(); namespace !== undefined; namespace = turns.shift()) {
        const items = namespaces.get(namespace);
        const item = items === undefined ? undefined : next(items);
        if (items !== undefined && items.size > 0) turns.push(namespace);
        else namespaces.delete(namespace);
        if (item !== undefined) return item;
      }
      return undefined;
    },
    remove: (item) => {
      waiting.delete(item);
    },
  };
}
