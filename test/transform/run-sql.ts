import { mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import type { Lookup } from "../../crds/kinds/transform.ts";
import type { Column, TargetColumn } from "../../transform/column.ts";
import { compileTransform } from "../../transform/compile.ts";
import type { CompiledTransform, Transformer } from "../../transform/compiled.ts";
import type { Lines, Reject, Rows, Transformed } from "../../transform/rows.ts";
import { openTransformer } from "../../transform/transformer.ts";

/** A pipeline in as few words as a test needs. */
export interface RunOptions {
  readonly columns: Readonly<Record<string, string>>;
  readonly sql?: string;
  readonly lookups?: Readonly<Record<string, Lookup>>;
  readonly upsertKey?: readonly string[];
  /** Default: what the SQL yields, nullable. */
  readonly target?: readonly TargetColumn[];
  readonly memoryBytes?: number;
  readonly batchMsMax?: number;
  now?(): number;
  onLookup?(name: string, error: string | null): void;
  path?(text: string): string;
}

/** A transformer in a scratch directory of its own. Disposing of it checks that nothing is left there. */
export interface Opened extends AsyncDisposable {
  readonly compiled: CompiledTransform;
  readonly transformer: Transformer;
  readonly scratchDirectory: string;
  /** Runs records given as members (`"a":1`) or as null for a record refused before. `use` may use the rows' file while it is there. */
  run(
    records: readonly (string | null)[],
    signal?: AbortSignal,
    use?: (transformed: Transformed) => Promise<void>,
  ): Promise<Result>;
}

/** What became of a batch, with its rows read back. */
export interface Result {
  readonly rows: readonly Json[][];
  readonly rejects: readonly Reject[];
  readonly transformed: Transformed;
}

async function compiled({ columns, sql, lookups, upsertKey }: RunOptions): Promise<CompiledTransform> {
  const source: Column[] = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const transform = { sql: sql ?? "SELECT * FROM source", ...(lookups === undefined ? {} : { lookups }) };
  const found = await compileTransform({ source, transform, upsertKey: upsertKey ?? null });
  if (Array.isArray(found)) throw new Error(found.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return found;
}

/** Compiles the SQL and opens a transformer for it. Throws what is wrong with the SQL. */
export async function open(options: RunOptions): Promise<Opened> {
  const found = await compiled(options);
  const scratchDirectory = await mkdtemp(join(tmpdir(), "snowline-transform-"));
  const transformer = await openTransformer({
    compiled: found,
    target: options.target ?? found.output.map((column) => ({ ...column, nullable: true })),
    upsertKey: options.upsertKey ?? null,
    scratchDirectory,
    memoryBytes: options.memoryBytes ?? 256e6,
    threads: 1,
    ...(options.batchMsMax === undefined ? {} : { batchMsMax: options.batchMsMax }),
    path: options.path ?? ((text) => text),
    now: options.now ?? (() => 0),
    onLookup: options.onLookup ?? (() => undefined),
  }).catch(async (error: unknown) => {
    // It throws as well where the transformer left a file behind.
    await rmdir(scratchDirectory);
    throw error;
  });
  return {
    compiled: found,
    transformer,
    scratchDirectory,
    run: async (records, signal = new AbortController().signal, use = async () => undefined) => {
      const rejected = records.flatMap((record, ordinal) => (record === null ? [{ ordinal, error: "refused before" }] : []));
      const transformed = await transformer.run(linesOf(records), rejected, signal);
      const rows = transformed.rows === null ? [] : await readRows(transformed.rows);
      await use(transformed);
      await transformer.discard(transformed);
      return { rows, rejects: transformed.rejects, transformed };
    },
    [Symbol.asyncDispose]: async () => {
      await transformer[Symbol.asyncDispose]();
      const left = await readdir(scratchDirectory);
      await rm(scratchDirectory, { recursive: true });
      if (left.length > 0) throw new Error(`left in the scratch directory: ${left.join(", ")}`);
    },
  };
}

/** What a transformer reads: records given as members, or as null for a record refused before. */
export function linesOf(records: readonly (string | null)[]): Lines {
  const lines = records.map((members, ordinal) =>
    members === null ? "" : `{"_i":${ordinal}${members === "" ? "" : `,${members}`}}\n`,
  );
  const bytes = Buffer.from(lines.join(""));
  return { bytes, length: bytes.length, count: records.length };
}

/** The rows of a file in their order, as plain JSON. */
export async function readRows(rows: Rows): Promise<Json[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${rows.path}')`);
    connection.closeSync();
    return reader.getRowsJson();
  } finally {
    instance.closeSync();
  }
}

/** mulberry32: a stream of numbers in [0, 1) that a seed replays. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The seed in the environment, or another each time. It is printed, so that a failure can be replayed. */
export function seedOf(test: string): number {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${test}: SEED=${seed}`);
  return seed;
}
