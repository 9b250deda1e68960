import type { Column, TargetColumn } from "../../transform/column.ts";
import type { Reject, Rows } from "../../transform/rows.ts";
import type { Move, Position } from "./position.ts";

/** How a `write` ended. */
export type Written =
  /**
   * Rows and moves are durable and visible. `rejected`, ascending by ordinal: records whose rows the warehouse refused after it had
   * taken them; the engine makes letters of them (only with `rejectsLater`), and they are durable before the next call.
   */
  | { readonly kind: "written"; readonly rejected?: readonly Reject[] }
  /**
   * Nothing was written: these splits' stored positions are not `from`, or another owner has taken them over. `rejected`, likewise:
   * of other splits that are written all the same (`atomic: "split"`).
   */
  | { readonly kind: "conflict"; readonly splits: readonly string[]; readonly rejected?: readonly Reject[] };

/**
 * Where rows and positions become durable together. Every implementation passes test/contract/sink.ts against the real
 * thing; read that file for the exact promises. One call at a time.
 * Throws NotConnected (the engine repeats the call with backoff: after an unknown outcome the repeated `write` answers
 * `written` when its moves are already there by this very owner), Terminal (it stops), TargetChanged (it prepares again),
 * BatchTooLarge (it repeats with smaller batches).
 */
export interface Sink extends AsyncDisposable {
  /**
   * How much of a `write` becomes visible at once. `batch`, the default: all or nothing. `split`: each split's rows and its move
   * together, so that after a `conflict` or an error some splits may be written and others not (`restore` tells). Its rows say
   * their split and record (`originColumns`; the split is an index into `moves`), so the SQL's rows have to come from one record
   * each. A move without rows of its split may become durable later, within a minute and at dispose: reading such a range again
   * gives no row.
   */
  readonly atomic?: "batch" | "split";
  /** True: `write` may answer `rejected`, so the engine keeps a batch's records until it is loaded: a third batch in memory. */
  readonly rejectsLater?: boolean;
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
