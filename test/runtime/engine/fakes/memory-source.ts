import { setImmediate } from "node:timers/promises";
import type { Batch } from "../../../../runtime/component/batch.ts";
import type { Move, Position, Split } from "../../../../runtime/component/position.ts";
import type { Chunk, Format, RecordView } from "../../../../runtime/component/record.ts";
import type { Read, Source, SplitProgress } from "../../../../runtime/component/source.ts";

/** A JSON object as it is: `{"a":1}` becomes `"a":1`. */
const memberFormat: Format = {
  encode: ({ bytes, valueStart, valueEnd }, into) => {
    if (bytes[valueStart] !== 0x7b) return "the value is no JSON object";
    into.copy(bytes, valueStart + 1, valueEnd - 1);
    return null;
  },
};

interface MemoryRecord {
  readonly value: string | null;
  readonly timestampMs: number;
}
interface MemorySplit {
  readonly split: Split;
  readonly records: MemoryRecord[];
}
interface Reader {
  at: number;
  /** As the warehouse has it once what was read is loaded. */
  stored: Position | null;
  /** Its first position is to be made durable before a record is read. */
  pinned: boolean;
  timestampMs: number | null;
}

const splitOf = (id: string): Split => {
  const [topic = id, partition = "0"] = id.split("/");
  return { id, topic, partition: Number(partition) };
};

/** Topics in memory, shared by the sources that read them. A value of null is a tombstone, which is skipped. */
export class MemoryTopics {
  readonly splits = new Map<string, MemorySplit>();
  #changed = Promise.withResolvers<void>();
  ended = false;

  /** Adds a split without records. */
  add(id: string): void {
    this.splits.set(id, { split: splitOf(id), records: [] });
    this.wake();
  }

  append(id: string, records: readonly MemoryRecord[]): void {
    if (!this.splits.has(id)) this.add(id);
    this.splits.get(id)!.records.push(...records);
    this.wake();
  }

  /** No more will come. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
  changed(): Promise<void> {
    return this.#changed.promise;
  }
}

/**
 * A source over topics in memory. Fails on demand: each error in `failures` is thrown by the next call of that method, or once
 * the next record is appended, before its move is noted.
 */
export class MemorySource implements Source {
  readonly failures: { readonly in: "splits" | "open" | "read" | "append"; readonly error: Error }[] = [];
  readonly loadedMoves: Move[] = [];
  /** Calls of `open`, for the tests: split and position. */
  readonly opened: { readonly split: string; readonly position: Position | null }[] = [];
  /** Calls of `splits`. */
  splitsCalls = 0;
  /** Calls of `handOver`. */
  handOvers = 0;
  /** Runs after each read that appended something. */
  onRead: () => void = () => {};
  /** Splits without a position start at their end, and say where that is before anything is read. */
  startsAtLatest = false;
  /** How many splits there are; absent: all are this reader's. */
  splitsTotal?: () => number | null;
  /** What `notices` answers. */
  told: readonly string[] = [];
  readonly #topics: MemoryTopics;
  readonly #format: Format;
  readonly #readers = new Map<string, Reader>();
  /** Ids that this reader owns; null: all. */
  #assigned: readonly string[] | null = null;
  #assignmentNews = false;

  constructor(topics: MemoryTopics, format: Format = memberFormat) {
    this.#topics = topics;
    this.#format = format;
  }

  /** From now on this reader owns these splits; its next read says so. */
  assign(ids: readonly string[]): void {
    this.#assigned = ids;
    this.#assignmentNews = true;
    this.#topics.wake();
  }

  async splits(): Promise<readonly Split[]> {
    await setImmediate();
    this.splitsCalls++;
    this.#fail("splits");
    this.#assignmentNews = false;
    const all = [...this.#topics.splits.values()].map(({ split }) => split);
    const assigned = this.#assigned;
    if (assigned !== null) for (const id of this.#readers.keys()) if (!assigned.includes(id)) this.#readers.delete(id);
    return assigned === null ? all : all.filter(({ id }) => assigned.includes(id));
  }

  handOver(): void {
    this.handOvers++;
  }

  async open(split: Split, position: Position | null): Promise<void> {
    await setImmediate();
    this.#fail("open");
    this.opened.push({ split: split.id, position });
    const pinned = position === null && this.startsAtLatest;
    const first = pinned ? this.#topics.splits.get(split.id)!.records.length : 0;
    const at = position === null ? first : Number(position["offset"]);
    this.#readers.set(split.id, { at, stored: position, pinned, timestampMs: null });
  }

  release(split: string): void {
    this.#readers.delete(split);
  }

  async read(into: Batch, signal: AbortSignal): Promise<Read> {
    for (;;) {
      await setImmediate();
      this.#fail("read");
      if (signal.aborted) return { kind: "interrupted" };
      if (this.#assignmentNews) return { kind: "assignment" };
      if (this.#pin(into)) return { kind: "positioned" };
      const changed = this.#topics.changed();
      let appended = false;
      for (const [id, reader] of this.#readers) appended = (await this.#readSplit(id, reader, into)) || appended;
      if (appended) {
        this.onRead();
        return { kind: "read" };
      }
      if (this.#topics.ended) return { kind: "ended" };
      await Promise.race([changed, aborted(signal)]);
    }
  }

  progress(): readonly SplitProgress[] {
    return [...this.#readers].map(([split, { at, timestampMs }]) => ({
      split,
      at,
      end: this.#topics.splits.get(split)!.records.length,
      timestampMs,
    }));
  }

  notices(): readonly string[] {
    return this.told;
  }

  loaded(moves: readonly Move[]): void {
    this.loadedMoves.push(...moves);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#readers.clear();
  }

  #pin(into: Batch): boolean {
    const pinned = [...this.#readers].filter(([, reader]) => reader.pinned);
    for (const [id, reader] of pinned) {
      reader.pinned = false;
      moveTo(id, reader, into);
    }
    return pinned.length > 0;
  }

  async #readSplit(id: string, reader: Reader, into: Batch): Promise<boolean> {
    const { split, records } = this.#topics.splits.get(id)!;
    const from = reader.at;
    try {
      while (reader.at < records.length && !into.full) {
        const { value, timestampMs } = records[reader.at]!;
        if (value === null) into.skip();
        else await this.#append(viewOf(split, { value, offset: reader.at, timestampMs }), into);
        this.#fail("append");
        reader.timestampMs = timestampMs;
        reader.at++;
      }
    } finally {
      if (reader.at > from) moveTo(id, reader, into);
    }
    return reader.at > from;
  }

  async #append(record: RecordView, into: Batch): Promise<void> {
    while (!into.append(record, this.#format)) await this.#format.prepare?.(record);
  }

  #fail(method: "splits" | "open" | "read" | "append"): void {
    const at = this.failures.findIndex((failure) => failure.in === method);
    if (at >= 0) throw this.failures.splice(at, 1)[0]!.error;
  }
}

function moveTo(id: string, reader: Reader, into: Batch): void {
  const to = { offset: reader.at };
  into.advance(id, reader.stored, to);
  reader.stored = to;
}

function viewOf(
  split: Split,
  { value, offset, timestampMs }: { value: string; offset: number; timestampMs: number },
): RecordView {
  const bytes = Buffer.from(value);
  const chunk: Chunk = { byteLength: bytes.length, original: () => ({ key: null, value: bytes, headers: [] }) };
  const { topic, partition } = split;
  const parts = { valueStart: 0, valueEnd: bytes.length, keyStart: -1, keyEnd: -1 };
  return { chunk, start: 0, bytes, ...parts, offset, timestampMs, partition, topic };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
