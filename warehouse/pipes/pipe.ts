import type { Shelved } from "../stages/object-shelf.ts";

/** A pipe as CREATE PIPE made it. */
export interface Pipe extends Shelved {
  /** The COPY statement. */
  readonly definition: string;
  readonly autoIngest: boolean;
  readonly paused: boolean;
  readonly comment: string;
  readonly createdMs: number;
  readonly owner: string;
}

/** A file that a pipe was told of. */
export interface PipeFile {
  /** Path in the stage's bucket. */
  readonly path: string;
  /** As the client said it; null: it said none. */
  readonly bytes: number | null;
  /** Milliseconds since the epoch. */
  readonly receivedMs: number;
}
