import type { RecordBatch } from "./record-batch.ts";

/** A transaction the broker lists as aborted in its answer to a fetch. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** Offset of its first record. */
  readonly firstOffset: number;
}

/**
 * Tells which batches of one fetched range readers must not see. The broker lists every aborted transaction that overlaps
 * the range; a producer is aborted from such a transaction's first offset to its next abort marker.
 * Ask for every batch, in order. KIP-98, "Consumer: read committed".
 */
export class AbortedTransactions {
  readonly #upcoming: AbortedTransaction[];
  readonly #aborted = new Set<number>();

  constructor(listed: readonly AbortedTransaction[]) {
    this.#upcoming = listed.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /** True: pass over the batch. `endsAborted` tells of a control batch whether it is an abort marker. */
  hides(batch: RecordBatch, endsAborted: () => boolean): boolean {
    while ((this.#upcoming.at(-1)?.firstOffset ?? Infinity) < batch.nextOffset)
      this.#aborted.add(this.#upcoming.pop()!.producerId);
    if (batch.control) {
      if (this.#aborted.has(batch.producerId) && endsAborted()) this.#aborted.delete(batch.producerId);
      return true;
    }
    return batch.transactional && this.#aborted.has(batch.producerId);
  }
}
