import type { Batch } from "../component/batch.ts";
import type { Position } from "../component/position.ts";
import type { RecordView } from "../component/record.ts";
import type { SplitProgress } from "../component/source.ts";
import { CorruptRecords } from "./byte-reader.ts";
import type { FetchedSplit } from "./fetched-split.ts";
import type { Fetcher, Piece } from "./fetcher.ts";
import { RecordChunk } from "./record-chunk.ts";
import { RecordReader } from "./record-reader.ts";

/** A split that is being read, and how far. */
export interface OpenSplit {
  readonly id: string;
  readonly fetched: FetchedSplit;
  /** What the last move ended at, or what it was opened at. */
  position: Position | null;
  /** The next offset to read. */
  at: number;
  timestampMs: number | null;
  /** True: its first move is due even without a record. */
  pinned: boolean;
  /** The split ends here; Infinity where it does not end. */
  readonly until: number;
}

/** What became of a record: it is in the batch (or left out on purpose), or it has to be tried again after `wait`. */
export type Taken = "taken" | "wait";

/** What a piece reader works with. */
export interface PieceReaderParts {
  readonly fetcher: Fetcher;
  /** Puts a record into the batch. */
  take(record: RecordView, into: Batch): Taken;
  /** Resolves when a record that had to wait can be tried again, or the signal has aborted. */
  wait(record: RecordView, signal: AbortSignal): Promise<void>;
}

/** How reading went on. */
export interface Step {
  /** False: all that was fetched has been read. */
  readonly more: boolean;
  /** True: a split has moved. */
  readonly moved: boolean;
}

/** The piece being read. */
interface Current {
  readonly piece: Piece;
  readonly reader: RecordReader;
  /** True: its last record was shown and not taken. */
  untaken: boolean;
  /** True: that record has to be waited for. */
  waiting: boolean;
  /** True: a record of it has been shown. */
  shown: boolean;
}

const nothing = new RecordChunk(Buffer.alloc(0));

/** Reads what the fetcher brought into batches: records in order, and moves that meet without a gap. */
export class PieceReader {
  readonly #parts: PieceReaderParts;
  readonly #splits = new Map<FetchedSplit, OpenSplit>();
  readonly #record: RecordView = {
    chunk: nothing,
    start: 0,
    bytes: nothing.bytes,
    valueStart: -1,
    valueEnd: -1,
    keyStart: -1,
    keyEnd: -1,
    offset: 0,
    timestampMs: 0,
    partition: 0,
    topic: "",
  };
  #current: Current | null = null;

  constructor(parts: PieceReaderParts) {
    this.#parts = parts;
  }

  add(split: OpenSplit): void {
    this.#splits.set(split.fetched, split);
    this.#parts.fetcher.add(split.fetched);
  }

  remove(split: OpenSplit): void {
    this.#splits.delete(split.fetched);
    this.#parts.fetcher.remove(split.fetched);
    if (this.#current?.piece.split === split.fetched) this.#current = null;
  }

  /** Resolves when `step` can go on, or the signal has aborted. Throws what `wait` throws; then nothing was read. */
  async ready(signal: AbortSignal): Promise<void> {
    const current = this.#current;
    if (current === null || !current.waiting) return;
    await this.#parts.wait(this.#record, signal);
    if (!signal.aborted) current.waiting = false;
  }

  /**
   * Reads one piece, or what of it goes into the batch, once `ready` has resolved. Throws what `take` throws; then the batch
   * has the records before that one and their moves, and the next step tries it again. Records that cannot be read go back
   * to the fetcher, which gives up after some attempts.
   */
  step(into: Batch): Step {
    const current = (this.#current ??= this.#next());
    if (current === null) return { more: false, moved: false };
    const split = this.#splits.get(current.piece.split);
    if (split === undefined) {
      this.#current = null;
      return { more: true, moved: false };
    }
    let moved = false;
    try {
      this.#read(current, into);
    } catch (error) {
      if (!(error instanceof CorruptRecords)) throw error;
      this.#current = null;
      this.#parts.fetcher.unreadable(current.piece, this.#nextOffset(current), error);
    } finally {
      moved = this.#advance(split, current, into);
    }
    return { more: true, moved };
  }

  /** Appends until the batch is full, the piece is read, or a record has to wait. */
  #read(current: Current, into: Batch): void {
    const { reader, piece } = current;
    const record = this.#record;
    record.topic = piece.split.topic;
    record.partition = piece.split.partition;
    while (!into.full) {
      if (!current.untaken && !reader.next(record)) {
        this.#current = null;
        return;
      }
      current.shown = true;
      current.untaken = true;
      current.waiting = this.#parts.take(record, into) === "wait";
      if (current.waiting) return;
      current.untaken = false;
    }
  }

  /** A record that was not taken is the next to read. */
  #nextOffset({ reader, untaken }: Current): number {
    return untaken ? this.#record.offset : reader.nextOffset;
  }

  #advance(split: OpenSplit, current: Current, into: Batch): boolean {
    const { topicId } = current.piece;
    const offset = Math.min(this.#nextOffset(current), split.until);
    if (current.shown) split.timestampMs = this.#record.timestampMs;
    if (offset === split.at && split.position?.["topicId"] === topicId) return false;
    split.at = offset;
    this.move(split, { topicId, offset }, into);
    return true;
  }

  /** Notes a split's move. */
  move(split: OpenSplit, to: Position, into: Batch): void {
    into.advance(split.id, split.position, to);
    split.position = to;
    split.pinned = false;
  }

  /** How far the split is; its end is unknown until a first answer. */
  progress(split: OpenSplit): SplitProgress {
    return { split: split.id, at: split.at, end: split.fetched.end, timestampMs: split.timestampMs };
  }

  #next(): Current | null {
    const piece = this.#parts.fetcher.take();
    return piece === undefined
      ? null
      : { piece, reader: new RecordReader(piece.records), untaken: false, waiting: false, shown: false };
  }
}
