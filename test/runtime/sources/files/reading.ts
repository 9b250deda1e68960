import { Batch } from "../../../../runtime/component/batch.ts";
import type { Position } from "../../../../runtime/component/position.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import type { MetaColumn } from "../../../../transform/column.ts";

/** A line of a batch, parsed. */
export type Line = Readonly<Record<string, unknown>>;

/** What was read. */
export interface Reading {
  readonly lines: readonly Line[];
  /** Each with its origin and its original value. */
  readonly rejects: readonly {
    readonly error: string;
    readonly topic: string;
    readonly offset: number;
    readonly value: string;
  }[];
  readonly batches: number;
}

/** How to read. */
export interface ReadingOptions {
  /** What the warehouse holds; moves are checked against it and put into it. */
  readonly warehouse?: Map<string, Position>;
  readonly meta?: readonly MetaColumn[];
  readonly recordsMax?: number;
  readonly bytesMax?: number;
  /** Stop after so many batches. */
  readonly batchesMax?: number;
}

/** Reads a source as the engine does, from where the warehouse stands to the end. */
export async function readAll(source: Source, options: ReadingOptions = {}): Promise<Reading> {
  const {
    warehouse = new Map<string, Position>(),
    meta = [],
    recordsMax = 1000,
    bytesMax = 1 << 24,
    batchesMax = Infinity,
  } = options;
  const { signal } = new AbortController();
  for (const split of await source.splits(signal)) await source.open(split, warehouse.get(split.id) ?? null);
  const lines: Line[] = [];
  const rejects: Reading["rejects"][number][] = [];
  let batches = 0;
  for (; batches < batchesMax; batches++) {
    const batch = new Batch(meta, { bytesMax, recordsMax });
    const { kind } = await source.read(batch, signal);
    if (kind === "ended") break;
    if (kind !== "read" || batch.empty) throw new Error(`read answered ${kind} with ${batch.count} records`);
    lines.push(...linesOf(batch));
    for (const { ordinal, error } of batch.rejects) {
      const { topic, offset } = batch.origin(ordinal);
      rejects.push({ error, topic, offset, value: batch.original(ordinal).value!.toString() });
    }
    load(batch, warehouse);
  }
  return { lines, rejects, batches };
}

/** Puts a batch's moves into the warehouse. */
export function load(batch: Batch, warehouse: Map<string, Position>): void {
  for (const { split, from, to } of batch.moves) {
    const stored = JSON.stringify(warehouse.get(split) ?? null);
    if (JSON.stringify(from) !== stored)
      throw new Error(`${split}: the move is from ${JSON.stringify(from)}, the warehouse has ${stored}`);
    warehouse.set(split, to);
  }
}

/** The lines of a batch, parsed. */
export function linesOf(batch: Batch): Line[] {
  const text = batch.bytes.toString("utf8", 0, batch.length);
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Line);
}
