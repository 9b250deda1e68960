/** Batches that have to be loaded below the ceiling before a larger one is tried again: a wrong guess reads all splits again. */
const calmBatches = 100;

/** Bytes of records above which a batch has proven too large for the sink. */
export class BatchCeiling {
  readonly #bytesMax: number;
  #bytes: number;
  /** Where it was before the present search for what does not fit began. */
  #before: number;
  #loaded = 0;

  /** `bytesMax`: the pipeline's own bound. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#bytes = bytesMax;
    this.#before = bytesMax;
  }

  /** Bytes a batch may hold now; 1 holds a single record. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A batch of so many bytes did not fit: half of it may. */
  lower(batchBytes: number): void {
    this.#loaded = 0;
    this.#bytes = Math.max(Math.floor(Math.min(batchBytes, this.#bytes) / 2), 1);
  }

  /** A batch was loaded. `culprit`: it was a single record that does not fit by itself, so the ceiling was low for nothing. */
  loaded(culprit: boolean): void {
    if (culprit) this.#bytes = this.#before;
    else if (this.#bytes < this.#bytesMax && ++this.#loaded >= calmBatches) {
      this.#bytes = Math.min(this.#bytes * 2, this.#bytesMax);
      this.#before = this.#bytes;
      this.#loaded = 0;
    }
  }
}
