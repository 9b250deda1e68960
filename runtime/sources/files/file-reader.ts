import type { Batch } from "../../component/batch.ts";
import type { Position } from "../../component/position.ts";
import type { FilePosition } from "./file-version.ts";

/** Reads one file from a position on. One call at a time. */
export interface FileReader {
  /** Where the file stands: all the records before it are in a batch. */
  readonly position: FilePosition;
  /** Where the last move noted in a batch leads; before the first, what the warehouse holds. */
  readonly stored: Position | null;
  /** Timestamp of its records, in milliseconds since the epoch: when the file was last modified. */
  readonly timestampMs: number;
  /**
   * Appends records and notes their moves until the batch is full, the signal aborted or the file read to its end. Records
   * and moves agree also when it throws: Terminal (changed, damaged, not what the manifest says) or NotConnected.
   */
  fill(into: Batch, signal: AbortSignal): Promise<void>;
  /** Closes the file. */
  close(): Promise<void>;
}
