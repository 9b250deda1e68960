/** What JSON text can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where a split stands: a small JSON object only its source understands. The sink stores it and compares it as a whole. */
export type Position = { readonly [key: string]: Json };

/** An ordered stream that one reader owns: a Kafka partition, a file. */
export interface Split {
  /** Unique in the pipeline and the same for ever: `orders/3`, a file's path. */
  readonly id: string;
  /** `_topic` of its records: the topic, or the file's path. */
  readonly topic: string;
  /** `_partition` of its records: the partition, or 0. */
  readonly partition: number;
}

/** One split's step in a batch. `from` is null where the sink held no position. */
export interface Move {
  readonly split: string;
  readonly from: Position | null;
  readonly to: Position;
}

/** The one text of a position: keys sorted, so that equal positions are equal texts. */
export function canonical(position: Position): string {
  return JSON.stringify(position, (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
