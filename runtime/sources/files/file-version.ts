import { stat } from "node:fs/promises";
import { NotConnected, Terminal } from "../../component/errors.ts";
import type { Position } from "../../component/position.ts";

/** By what a file is known to be the one that was read: a change of its bytes changes one of these. */
export interface FileVersion {
  /** Bytes, as stored. */
  readonly size: number;
  /** Whole milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/**
 * Where a file stands: its next row, where that begins (bytes of the decompressed text; 0 in Parquet), the version that was
 * read, and whether it was read to its end.
 */
export interface FilePosition extends FileVersion, Position {
  readonly row: number;
  readonly at: number;
  readonly done: boolean;
}

/** Throws Terminal where the file is gone or not to be read, NotConnected where its volume is. */
export async function fileVersion(path: string, name: string): Promise<FileVersion> {
  try {
    const found = await stat(path);
    if (found.isFile()) return { size: found.size, modifiedMs: Math.trunc(found.mtimeMs) };
  } catch (error) {
    throw unreadable(error, name);
  }
  throw new Terminal("FileUnreadable", `${name}: is not a file; to read the files in a directory write ${name}/*`);
}

/** Whether the file is the one that it was. */
export function sameVersion(one: FileVersion, other: FileVersion): boolean {
  return one.size === other.size && one.modifiedMs === other.modifiedMs;
}

/** The position as the warehouse gave it back. Throws Terminal where another kind of source stored it. */
export function filePosition(position: Position, name: string): FilePosition {
  const { row, at, size, modifiedMs, done } = position;
  if (
    typeof row === "number" &&
    typeof at === "number" &&
    typeof size === "number" &&
    typeof modifiedMs === "number" &&
    typeof done === "boolean"
  ) {
    return { row, at, size, modifiedMs, done };
  }
  throw new Terminal(
    "PositionUnfit",
    `${name}: the stored position is none of a file: has the pipeline had another source? Give it another name`,
  );
}

/** Codes of a network volume that is away; everything else stays as it is until someone acts. */
const awayCodes = new Set(["EIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "ENOTCONN", "EHOSTDOWN", "EMFILE", "ENFILE"]);

/** The error to throw for one of the file system's. */
export function unreadable(error: unknown, name: string): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (awayCodes.has(code)) return new NotConnected(`${name}: cannot be read now (${code})`, { cause: error });
  const why =
    code === "ENOENT" ? "is gone" : code === "EACCES" ? "cannot be read: permission denied" : `cannot be read (${code})`;
  return new Terminal("FileUnreadable", `${name}: ${why}`, { cause: error });
}

/** Whether an error that `unreadable` made says that there is no such file. */
export function isGone(error: unknown): boolean {
  return error instanceof Terminal && error.cause instanceof Error && "code" in error.cause && error.cause.code === "ENOENT";
}
