import type { Transformer } from "../../../../transform/compiled.ts";
import type { Lines, Reject, Rows, Transformed } from "../../../../transform/rows.ts";
import { Gate } from "./gate.ts";

/** Rows by the path their `Rows` names: what a Parquet file is to the real ones. */
export type RowStore = Map<string, readonly unknown[]>;

/** Passes rows on, but drops those with `"drop":true` and rejects those with `"bad":true`. */
export class MemoryTransformer implements Transformer {
  readonly gate = new Gate();
  readonly failures: Error[] = [];
  /** Records it was given, batch by batch. */
  readonly batches: number[] = [];
  retargets = 0;
  disposed = false;
  readonly #store: RowStore;

  constructor(store: RowStore) {
    this.#store = store;
  }

  async run(lines: Lines, rejected: readonly Reject[], signal: AbortSignal): Promise<Transformed> {
    this.batches.push(lines.count);
    const text = lines.bytes.toString("utf8", 0, lines.length);
    await this.gate.pass(signal);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const records = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { _i: number; drop?: boolean; bad?: boolean });
    const bad = records.filter((record) => record.bad === true).map(({ _i }) => ({ ordinal: _i, error: "the record is bad" }));
    const rejects = [...rejected, ...bad].toSorted((a, b) => a.ordinal - b.ordinal);
    const good = records
      .filter((record) => record.bad !== true && record.drop !== true)
      .map((record) => Object.fromEntries(Object.entries(record).filter(([member]) => member !== "_i")));
    return { rows: good.length === 0 ? null : this.#rows(good), rejects };
  }

  async discard({ rows }: Transformed): Promise<void> {
    if (rows !== null) this.#store.delete(rows.path);
  }

  retarget(): void {
    this.retargets++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }

  #rows(good: readonly unknown[]): Rows {
    const path = `memory:${this.batches.length}`;
    this.#store.set(path, good);
    return { path, count: good.length, bytes: 1, columns: [] };
  }
}
