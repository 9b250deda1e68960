/** Taken items that may stand before the first one until the array is cut: cutting at each take would move all the others. */
const takenMax = 1024;

/** A queue whose ends both cost nothing, however long it is. */
export interface Fifo<T> {
  readonly size: number;
  push(item: T): void;
  /** The oldest; undefined where there is none. */
  shift(): T | undefined;
}

/** An empty queue. It holds what is put in until it is taken: whoever pushes bounds it. */
export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get size() {
      return items.length - head;
    },
    push: (item) => {
      items.push(item);
    },
    shift: () => {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      if (head === items.length || (head > takenMax && head * 2 > items.length)) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
