/** Something that is due. */
export interface Due<T> {
  readonly item: T;
  /** On a monotonic clock, in milliseconds. */
  readonly dueMs: number;
}

/** Items by when they are due. Adding and taking cost the logarithm of how many there are. */
export interface DelayHeap<T> {
  readonly size: number;
  push(item: T, dueMs: number): void;
  /** What is due first; undefined where there is nothing. */
  peek(): Due<T> | undefined;
  pop(): Due<T> | undefined;
  /** Forgets what does not pass. */
  retain(passes: (due: Due<T>) => boolean): void;
}

/** An empty heap. Those due at the same moment come in no order. */
export function createDelayHeap<T>(): DelayHeap<T> {
  let heap: Due<T>[] = [];
  const dueAt = (at: number): number => heap[at]?.dueMs ?? Number.POSITIVE_INFINITY;
  const swap = (one: number, other: number): void => {
    const kept = heap[one] as Due<T>;
    heap[one] = heap[other] as Due<T>;
    heap[other] = kept;
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (dueAt(parent) <= dueAt(at)) return;
      swap(parent, at);
      at = parent;
    }
  };
  const sink = (from: number): void => {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      const child = dueAt(left + 1) < dueAt(left) ? left + 1 : left;
      if (dueAt(at) <= dueAt(child)) return;
      swap(at, child);
      at = child;
    }
  };
  return {
    get size() {
      return heap.length;
    },
    push: (item, dueMs) => {
      heap.push({ item, dueMs });
      rise(heap.length - 1);
    },
    peek: () => heap[0],
    pop: () => {
      const first = heap[0];
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
        sink(0);
      }
      return first;
    },
    retain: (passes) => {
      heap = heap.filter(passes).toSorted((one, other) => one.dueMs - other.dueMs);
    },
  };
}
