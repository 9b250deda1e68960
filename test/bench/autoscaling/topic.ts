import type { Trace } from "./traces.ts";

/** A topic's partitions: what has arrived, what was read, what is in the table. */
export interface Topic {
  /** Their numbers. */
  readonly partitions: readonly number[];
  /** A second's records arrive. */
  arrive(second: number): void;
  /** Records that came so far, up to that second. */
  arrived(partition: number, second: number): number;
  /** Arrived, but not read. */
  unread(partition: number): number;
  read(partition: number, records: number): void;
  /** What is read of the partition becomes durable. */
  load(partition: number): void;
  /** A reader that ends without loading: its partitions are read again from what is durable. */
  giveUp(partition: number): void;
  /** Arrived, but not in the table. */
  lag(partition: number): number;
  /** Age of the oldest record that is not in the table. */
  lagSeconds(partition: number, second: number): number;
}

/** A topic under a trace. Fluid: records have no edges, and what is less than a thousandth of one is nothing. */
export function topicOf({ partitions, seconds, arrivals }: Trace): Topic {
  const all = Array.from({ length: partitions }, () => ({
    arrived: new Float64Array(seconds + 1),
    end: 0,
    read: 0,
    loaded: 0,
    oldest: 0,
  }));
  const of = (partition: number) => all[partition]!;
  const speck = 0.001;
  const rest = (records: number): number => (records < speck ? 0 : records);
  return {
    partitions: all.map((_, partition) => partition),
    arrive: (second) => {
      all.forEach((one, partition) => {
        one.end += arrivals(second, partition);
        one.arrived[second + 1] = one.end;
      });
    },
    arrived: (partition, second) => of(partition).arrived[Math.max(second, 0)] ?? 0,
    unread: (partition) => rest(of(partition).end - of(partition).read),
    read: (partition, records) => {
      of(partition).read += records;
    },
    load: (partition) => {
      of(partition).loaded = of(partition).read;
    },
    giveUp: (partition) => {
      of(partition).read = of(partition).loaded;
    },
    lag: (partition) => rest(of(partition).end - of(partition).loaded),
    lagSeconds: (partition, second) => {
      const one = of(partition);
      if (rest(one.end - one.loaded) === 0) return 0;
      while (one.oldest <= second && (one.arrived[one.oldest + 1] ?? 0) <= one.loaded + speck) one.oldest++;
      return second + 1 - one.oldest;
    },
  };
}
