import type { LoadedFile } from "../copy/copy-history.ts";

/** insertReport goes back so far, and has so many events, as Snowflake's. */
const reportedMs = 10 * 60 * 1000;
const eventsMax = 10_000;

interface PipeEvent {
  readonly mark: number;
  readonly file: LoadedFile;
  readonly atMs: number;
}

/** A part of a pipe's events. */
export interface PipeReport {
  readonly files: readonly LoadedFile[];
  /** Give it to read on from here. */
  readonly nextMark: number;
  /** False where events before these are no longer known. */
  readonly complete: boolean;
}

/** What became of the files of each pipe in the last ten minutes. */
export class PipeReports {
  readonly #events = new Map<number, PipeEvent[]>();
  #lastMark = 0;

  /** Adds what became of a file. */
  add(pipeId: number, file: LoadedFile, now: number): void {
    const events = this.#events.get(pipeId) ?? [];
    events.push({ mark: ++this.#lastMark, file, atMs: now });
    if (events.length > eventsMax) events.shift();
    this.#events.set(pipeId, events);
  }

  /** Events after the mark; all that are known where it is null. */
  read(pipeId: number, mark: number | null, now: number): PipeReport {
    const known = (this.#events.get(pipeId) ?? []).filter(({ atMs }) => atMs > now - reportedMs);
    this.#events.set(pipeId, known);
    const events = known.filter((event) => mark === null || event.mark > mark);
    return {
      files: events.map(({ file }) => file),
      nextMark: events.at(-1)?.mark ?? mark ?? 0,
      complete: known.length < eventsMax,
    };
  }
}
