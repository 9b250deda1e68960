import type { Lookup } from "../crds/kinds/transform.ts";
import type { Column, MetaColumn, TargetColumn } from "./column.ts";
import type { Lines, Reject, Transformed } from "./rows.ts";

/** A pipeline's SQL, checked against the declared columns. Plain data: the operator can store it. */
export interface CompiledTransform {
  /** The owner's statement. */
  readonly sql: string;
  /** Declared columns of `source`. */
  readonly source: readonly Column[];
  /** Metadata columns the statement names: only these are spliced into the lines. */
  readonly meta: readonly MetaColumn[];
  readonly lookups: Readonly<Record<string, Lookup>>;
  /** Columns that come out, with DuckDB types. */
  readonly output: readonly Column[];
  /** True where the statement's result depends on which records share a batch: aggregates, windows, DISTINCT, self-joins. */
  readonly perBatch: boolean;
  /** What the owner should know, each a sentence. */
  readonly warnings: readonly string[];
}

/** What is wrong with the SQL or a declared column. */
export interface SqlProblem {
  /** Path in the spec: `transform.sql`, `source.kafka.format.json.columns.amount`. */
  readonly path: string;
  /** What is wrong, and what to do: includes the suggestion where there is one. */
  readonly message: string;
  /** 1-based line and column inside the text at `path`, where known. */
  readonly line?: number;
  readonly column?: number;
}

/** A compiled statement, the target it makes rows for, and the surroundings it runs in. */
export interface TransformerOptions {
  readonly compiled: CompiledTransform;
  /** What the sink takes. Rows come out with those of these columns that the SQL yields, in this order, in exactly these types. */
  readonly target: readonly TargetColumn[];
  /** Key columns in upsert mode: of the rows with equal keys in a batch only the latest record's comes out, and a NULL key is rejected. */
  readonly upsertKey: readonly string[] | null;
  /**
   * True: the rows' file also says of each row its record and its record's split (`originColumns`), and `Lines.runs` is needed.
   * Opening throws where the SQL's rows do not come from one record each. Default: false.
   */
  readonly origins?: boolean;
  /** For hand-over files; the only directory DuckDB may touch. Memory-backed where there is one. */
  readonly scratchDirectory: string;
  /** DuckDB's memory limit. */
  readonly memoryBytes: number;
  /** DuckDB's threads. 1 is the cheapest per record; scale by pods. */
  readonly threads: number;
  /** A batch that takes longer than this is stopped, and `run` throws. Default: 5 minutes. */
  readonly batchMsMax?: number;
  /** Resolves a lookup's relative path. */
  path(text: string): string;
  now(): number;
  /** Told of each refresh of a lookup: `error` is null when it worked; after a failure the former table stays. */
  onLookup(name: string, error: string | null): void;
}

/** Runs one pipeline's SQL over batches, one at a time, off the event loop. */
export interface Transformer extends AsyncDisposable {
  /**
   * `rejected` are the records that have no line. The answer's `rejects` are these and the transform's own.
   * `Rows.path` lives until `discard` of these rows. Throws on what is no record's fault (out of memory, disk full).
   */
  run(lines: Lines, rejected: readonly Reject[], signal: AbortSignal): Promise<Transformed>;
  /** Deletes the rows' file. */
  discard(transformed: Transformed): Promise<void>;
  /** From the next `run` on rows are made for this target. */
  retarget(target: readonly TargetColumn[]): void;
}
