import { Terminal } from "../../../component/errors.ts";
import type { Position } from "../../../component/position.ts";

/**
 * A file that a pipe has to load before its splits may go on. It is written beside their positions in the one step that moves
 * them: from then on the file will be loaded, by whoever owns the splits, and a pipe loads a name once.
 */
export interface Pending {
  /** Folder and name within the internal stage, never used twice. */
  readonly file: string;
  /** The pipe that loads it and the table it loads into, as SQL names them. */
  readonly pipe: string;
  readonly table: string;
  /** The owner's stage that it is to be copied into for the pipe, and the folder in it; null: the pipe reads the internal one. */
  readonly into: { readonly stage: string; readonly folder: string; readonly autoIngest: boolean } | null;
  readonly rows: number;
  readonly bytes: number;
  /** When it was staged, in milliseconds since the epoch by the clock of the pod that did. */
  readonly atMs: number;
}

/** A file and the splits that wait for it, each with where it stood before. */
export interface PendingFile extends Pending {
  readonly splits: readonly PendingSplit[];
}

/** A split that has moved to `to`, from where it is taken back to if the file cannot be loaded. */
export interface PendingSplit {
  readonly split: string;
  readonly from: Position | null;
  readonly to: Position;
}

/** The text that is kept beside a split's position. */
export function pendingText({ file, pipe, table, into, rows, bytes, atMs }: Pending, from: Position | null): string {
  return JSON.stringify({ pending: { file, pipe, table, into, rows, bytes, atMs }, from });
}

/** Reads it again. Throws where the text is not from here. */
export function readPending(text: string): { readonly pending: Pending; readonly from: Position | null } {
  const { pending, from } = JSON.parse(text) as { readonly pending?: Pending; readonly from?: Position | null };
  if (typeof pending?.file !== "string" || from === undefined)
    throw new Error(
      "positions: the state of a split is not one of load.snowpipe: was load changed while rows were on their way?",
    );
  return { pending, from };
}

/** Puts the splits of each file together, oldest file first. */
export function pendingFiles(
  splits: ReadonlyMap<string, { readonly position: Position | null; readonly state: string | null }>,
): readonly PendingFile[] {
  const files = new Map<string, { readonly pending: Pending; readonly splits: PendingSplit[] }>();
  for (const [split, { position, state }] of splits) {
    if (state === null || position === null) continue;
    const { pending, from } = readPending(state);
    const file = files.get(pending.file) ?? { pending, splits: [] };
    file.splits.push({ split, from, to: position });
    files.set(pending.file, file);
  }
  return [...files.values()]
    .map((file) => ({ ...file.pending, splits: file.splits }))
    .toSorted((a, b) => a.atMs - b.atMs || (a.file < b.file ? -1 : 1));
}

/**
 * For other ways of loading, which would forget the file: throws Terminal where one is on its way. Its rows are counted as loaded,
 * and only this way of loading sees to it that they are.
 */
export function refusePending(splits: ReadonlyMap<string, { readonly state: string | null }>): void {
  for (const [split, { state }] of splits) {
    if (state === null || (JSON.parse(state) as { readonly pending?: Pending }).pending === undefined) continue;
    throw new Terminal(
      "FilePending",
      `split ${split}: a file of load.snowpipe is on its way: set load back to snowpipe, and change it after the next start has seen the file loaded`,
    );
  }
}
