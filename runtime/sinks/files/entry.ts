import type { Column } from "../../../transform/column.ts";
import { Terminal } from "../../component/errors.ts";
import type { Move, Position } from "../../component/position.ts";

/** A data file of a committed write that may not have its visible name yet. */
export interface PendingFile {
  /** Name in the staging directory. */
  readonly staged: string;
  /** Name that readers see. */
  readonly name: string;
}

/** Where a split stands and whose it is. */
export interface Standing {
  readonly owner: string;
  /** null: taken over, but never moved. */
  readonly position: Position | null;
}

/** What holds after an entry. The newest entry alone says everything; the older ones are history. */
export interface State {
  readonly splits: ReadonlyMap<string, Standing>;
  /** Files to give their visible names, if it has not been done. */
  readonly pending: readonly PendingFile[];
  /** Columns of all files so far, each with its one type. */
  readonly columns: readonly Column[];
}
/** Before the first entry. */
export const nothing: State = { splits: new Map(), pending: [], columns: [] };

/** One entry: the state after it, and what it did. */
export interface Entry extends State {
  readonly seq: number;
  /** Unique, so that a successor can say which entry it follows. */
  readonly id: string;
  /** The entry before, by id; null for the first. */
  readonly previous: string | null;
  /** Who wrote it and when (ISO 8601), for people. */
  readonly owner: string;
  readonly at: string;
  /** What it did, for people: a write's moves, or the splits taken over. */
  readonly event: { readonly moves: readonly Move[]; readonly rows: number } | { readonly claimed: readonly string[] };
}

const version = 1;

/** The entry as the text of its file. */
export function printEntry({ splits, ...entry }: Entry): string {
  return `${JSON.stringify({ version, ...entry, splits: [...splits].map(([split, { owner, position }]) => [split, owner, position]) })}\n`;
}

/** Reads an entry's file. Throws Terminal naming the file where it is none of this version. */
export function parseEntry(text: string, path: string): Entry {
  try {
    const { splits, ...entry } = JSON.parse(text) as Omit<Entry, "splits"> & {
      readonly version: number;
      readonly splits: readonly [string, string, Position | null][];
    };
    if (entry.version === version)
      return { ...entry, splits: new Map(splits.map(([split, owner, position]) => [split, { owner, position }])) };
  } catch (error) {
    throw new Terminal("LogUnreadable", `${path}: it is no log entry: restore it from a backup`, { cause: error });
  }
  throw new Terminal(
    "LogUnreadable",
    `${path}: it is of another version of Snowline: use that one, or start over with an empty directory`,
  );
}
