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
  /** What another way of loading left beside the position, such as a channel's note: it is put back afterwards. */
  readonly kept: string | null;
}

/** The text that is kept beside a split's position. */
export function pendingText(
  { file, pipe, table, into, rows, bytes, atMs }: Pending,
  { from, kept }: Pick<PendingSplit, "from" | "kept">,
): string {
  return JSON.stringify({ pending: { file, pipe, table, into, rows, bytes, atMs }, from, kept });
}

/** What `pendingText` wrote; null where the text is another's, or there is none. */
export function readPending(state: string | null): ({ readonly pending: Pending } & Pick<PendingSplit, "from" | "kept">) | null {
  const read = state === null ? {} : (JSON.parse(state) as { pending?: Pending; from?: Position | null; kept?: string | null });
  const { pending, from = null, kept = null } = read;
  return pending === undefined ? null : { pending, from, kept };
}

/** Puts the splits of each file together, oldest file first. */
export function pendingFiles(
  splits: ReadonlyMap<string, { readonly position: Position | null; readonly state: string | null }>,
): readonly PendingFile[] {
  const files = new Map<string, { readonly pending: Pending; readonly splits: PendingSplit[] }>();
  for (const [split, { position, state }] of splits) {
    const read = readPending(state);
    if (read === null || position === null) continue;
    const { pending, from, kept } = read;
    const file = files.get(pending.file) ?? { pending, splits: [] };
    file.splits.push({ split, from, to: position, kept });
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
    if (readPending(state) === null) continue;
    throw new Terminal(
      "FilePending",
      `split ${split}: a file of load.snowpipe is on its way: set load back to snowpipe, and change it after the next start has seen the file loaded`,
    );
  }
}
