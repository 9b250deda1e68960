import type { Column, TargetColumn } from "../../transform/column.ts";
import type { Rows } from "../../transform/rows.ts";
import type { Move, Position } from "./position.ts";

/** How a `write` ended. */
export type Written =
  /** Rows and moves are durable and visible. */
  | { readonly kind: "written" }
  /** Nothing was written: these splits' stored positions are not `from`, or another owner has taken them over. */
  | { readonly kind: "conflict"; readonly splits: readonly string[] };

/**
 * Where rows and positions become durable together. Every implementation passes test/contract/sink.ts against the real
 * thing; read that file for the exact promises. One call at a time.
 * Throws NotConnected (the engine repeats the call with backoff: after an unknown outcome the repeated `write` answers
 * `written` when its moves are already there by this very owner), Terminal (it stops), TargetChanged (it prepares again).
 */
export interface Sink extends AsyncDisposable {
  /** Makes the table fit for rows with these columns, as far as the manifest lets it, and says what the table takes. */
  prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]>;
  /** Takes these splits over: from now on no earlier owner can move them. Answers where they stand; a new split is absent. */
  restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>>;
  /**
   * Atomic: rows (null: none) and all moves become visible together, and only if each stored position is `from` and the owner
   * is still us. The rows' columns are `prepare`'s; in upsert mode their keys are unique and not NULL.
   */
  write(rows: Rows | null, moves: readonly Move[]): Promise<Written>;
}
