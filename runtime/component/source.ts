import type { Batch } from "./batch.ts";
import type { Move, Position, Split } from "./position.ts";

/** How a `read` ended. */
export type Read =
  /** The batch has more than before (records, or only moves). */
  | { readonly kind: "read" }
  /** Like `read`, and the batch has the first positions of splits that start at a moment, such as `latest`: it is to be written at once. */
  | { readonly kind: "positioned" }
  /** `splits()` is no longer what it was: the engine asks again and goes on reading, and restores and opens what is new. The batch may have more as well. */
  | { readonly kind: "assignment" }
  /** The source ends and every split has been read to its end. Asking again gives the same answer. */
  | { readonly kind: "ended" }
  /** The signal was aborted first. The batch is as before. */
  | { readonly kind: "interrupted" };

/** How far a split's reader has come, in the split's own numbers: Kafka offsets, or rows of a file. */
export interface SplitProgress {
  readonly split: string;
  /** Next offset or row to read. */
  readonly at: number;
  /** Where the split ends as far as the last read told; null while unknown. `at === end`: caught up. */
  readonly end: number | null;
  /** Timestamp of the last record read, in milliseconds since the epoch; null before the first. */
  readonly timestampMs: number | null;
}

/**
 * A set of splits. Every implementation passes test/contract/source.ts against its real counterpart; read that file for the
 * exact promises. The engine makes one call at a time, but `progress` at any time.
 * Throws NotConnected (the engine repeats the call with backoff) and Terminal (it stops). A `read` that throws NotConnected leaves
 * the batch whole: each record in it is part of a move. After any other error the engine gives the batch up.
 */
export interface Source extends AsyncDisposable {
  /**
   * The splits this reader owns now. May wait for a first assignment. Those that it named before and no longer names are read no
   * more; what was read of them may still be loaded until `handOver`.
   */
  splits(signal: AbortSignal): Promise<readonly Split[]>;
  /** What was read of splits that `splits` no longer names is loaded or given up: others may have them. */
  handOver?(): void;
  /**
   * How many splits there are in all, whoever owns them; null while that is unknown. A source without it owns all its splits.
   * A run that ends when it has caught up waits until it owns them all.
   */
  splitsTotal?(): number | null;
  /** Reads `split` from `position` on; with null from where the manifest says. Opening it again moves it there. */
  open(split: Split, position: Position | null): Promise<void>;
  /** Reads `split` no more. Nothing happens where it is not open. */
  release(split: string): void;
  /**
   * Appends records of the open splits and notes their moves, until it appended something and more is not at hand, or the
   * batch is full. A split's records come in order and without gaps between one batch's `to` and the next one's `from`; the
   * move of records is noted before records of another split are appended.
   */
  read(into: Batch, signal: AbortSignal): Promise<Read>;
  /** The open splits. Costs nothing: it is what the last reads told. */
  progress(): readonly SplitProgress[];
  /**
   * What the pipeline's owner should know about the splits and can do something about, each a sentence, such as a file that
   * changed after it was loaded. Bounded by the source. Costs nothing.
   */
  notices?(): readonly string[];
  /** The moves are durable in the warehouse. A mirror for the source's own lag tools; it never fails and nothing depends on it. */
  loaded(moves: readonly Move[]): void;
}
