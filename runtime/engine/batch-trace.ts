import type { Stage } from "./stage-clock.ts";

/** What a batch came to, in numbers only: nothing of a record gets into a trace. */
export interface TracedBatch {
  readonly records: number;
  /** Of keys and values. */
  readonly bytes: number;
  readonly splits: number;
  readonly rows: number;
  readonly rejected: number;
}

/** How long a stage was at work on the batch, in milliseconds since the epoch. */
export interface TracedStage {
  readonly stage: Stage;
  readonly fromMs: number;
  readonly toMs: number;
  /** What the call threw; null where it did not. */
  readonly error: unknown;
}

/** The trace of one batch. Its calls cost next to nothing, never wait and never throw. */
export interface BatchTrace {
  stage(stage: TracedStage): void;
  /** The batch is loaded, or given up: to be read again, or for good (`error`). The last call. */
  end(batch: TracedBatch, end: { readonly atMs: number; readonly loaded: boolean; readonly error: unknown }): void;
}

/** Begins a trace for each batch. */
export interface BatchTracer {
  /** `fromMs`: when its first record came. */
  begin(fromMs: number): BatchTrace;
}

const noTrace: BatchTrace = { stage: () => {}, end: () => {} };

/** Traces nothing. */
export const noTracer: BatchTracer = { begin: () => noTrace };
