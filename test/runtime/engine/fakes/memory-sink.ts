import assert from "node:assert/strict";
import { BatchTooLarge, NotConnected } from "../../../../runtime/component/errors.ts";
import { canonical, type Move, type Position } from "../../../../runtime/component/position.ts";
import type { Sink, Written } from "../../../../runtime/component/sink.ts";
import type { Column, TargetColumn } from "../../../../transform/column.ts";
import type { Reject, Rows } from "../../../../transform/rows.ts";
import { Gate } from "./gate.ts";

/** What sinks write to: it outlives them. */
export class MemoryWarehouse {
  readonly rows: unknown[] = [];
  readonly positions = new Map<string, Position>();
  readonly owners = new Map<string, MemorySink>();
}

/** A sink into memory. Fails on demand, before or after its effect. */
export class MemorySink implements Sink {
  readonly gate = new Gate();
  /** Each is used by one call of `write`: `before` and `after` lose the connection, an error is thrown before any effect. */
  readonly failures: ("before" | "after" | Error)[] = [];
  /** Likewise by `restore`. */
  readonly restoreFailures: Error[] = [];
  /** What a `restore` passes. */
  readonly restoreGate = new Gate();
  prepared = 0;
  /** Moves of each write that had its effect. */
  readonly writes: (readonly Move[])[] = [];
  rejectsLater = false;
  /** True for rows that are too many at once. */
  tooLarge: (rows: readonly unknown[]) => boolean = () => false;
  /** Ordinals that the warehouse refuses after it took the rows. */
  refuseLater: (rows: readonly unknown[]) => readonly Reject[] = () => [];
  /** Runs just before a write takes effect. */
  onWrite: () => void = () => {};
  readonly #warehouse: MemoryWarehouse;
  readonly #readRows: (rows: Rows) => Promise<readonly unknown[]>;
  #calls = 0;

  constructor(warehouse: MemoryWarehouse, readRows: (rows: Rows) => Promise<readonly unknown[]>) {
    this.#warehouse = warehouse;
    this.#readRows = readRows;
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    this.prepared++;
    return columns.map((column) => ({ ...column, nullable: true }));
  }

  restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return this.#alone(async () => {
      await this.restoreGate.pass();
      const failure = this.restoreFailures.shift();
      if (failure !== undefined) throw failure;
      for (const split of splits) this.#warehouse.owners.set(split, this);
      return new Map([...this.#warehouse.positions].filter(([split]) => splits.includes(split)));
    });
  }

  write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    return this.#alone(async () => {
      await this.gate.pass();
      const failure = this.failures.shift();
      if (failure === "before") throw new NotConnected("warehouse: connection refused");
      if (failure instanceof Error) throw failure;
      const written = await this.#write(rows, moves);
      if (failure === "after") throw new NotConnected("warehouse: connection reset");
      return written;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    const { owners, positions } = this.#warehouse;
    const read = rows === null ? [] : await this.#readRows(rows);
    if (read.length > 0 && this.tooLarge(read)) throw new BatchTooLarge("rows: too many bytes for one request");
    this.onWrite();
    const owned = moves.every(({ split }) => owners.get(split) === this);
    const text = (position: Position | null | undefined): string =>
      position === null || position === undefined ? "" : canonical(position);
    if (owned && moves.every(({ split, to }) => text(positions.get(split)) === text(to))) return { kind: "written" };
    const splits = moves
      .filter(({ split, from }) => owners.get(split) !== this || text(positions.get(split)) !== text(from))
      .map(({ split }) => split);
    if (splits.length > 0) return { kind: "conflict", splits };
    for (const { split, to } of moves) positions.set(split, to);
    const rejected = this.refuseLater(read);
    const refused = new Set(rejected.map(({ ordinal }) => ordinal));
    this.#warehouse.rows.push(...read.filter((_, index) => !refused.has(index)));
    this.writes.push(moves);
    return rejected.length === 0 ? { kind: "written" } : { kind: "written", rejected };
  }

  /** Holds the engine to one call at a time. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    assert.equal(++this.#calls, 1, "two calls of the sink at a time");
    try {
      return await call();
    } finally {
      this.#calls--;
    }
  }
}
