import type { MetaColumn } from "../../transform/column.ts";
import type { Lines, Reject, SplitRun } from "../../transform/rows.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Move, Position } from "./position.ts";
import { type Chunk, type Format, needsSchema, type Original, type RecordView } from "./record.ts";

/** Where one record of a batch came from. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** A safe integer, whatever the record says. */
  readonly timestampMs: number;
}

/** When a batch is full: at whichever bound it meets first. */
export interface BatchBounds {
  /**
   * Bytes of records (keys and values), after which the batch is full. Also bounds what goes with them, headers and metadata:
   * the batch is full when its lines, or the chunks it has passed through, take twice as much.
   */
  readonly bytesMax: number;
  /** Records, after which the batch is full. */
  readonly recordsMax: number;
}

/** Bytes of lines, and likewise of chunks, that a batch may hold for each byte of its bound. Headers are in none but the chunks. */
const heldPerByte = 2;

const prefix = Buffer.from('{"_i":');

/**
 * Many records of all the splits a reader owns: their lines for the transform, where each came from, what was refused
 * already, and how far each split moves. Per record it keeps numbers in typed arrays and never an object.
 * A source appends until `full`; the engine then has it transformed and loaded, and `clear`s it for the next use.
 */
export class Batch implements Lines {
  readonly #meta: readonly MetaColumn[];
  readonly #bounds: BatchBounds;
  readonly #lines: ByteWriter;
  readonly #chunks: Chunk[] = [];
  readonly #topics: string[] = [];
  readonly #moves = new Map<string, Move>();
  /** Index of each split in the moves. */
  readonly #indexes = new Map<string, number>();
  readonly #runs: { split: number; end: number }[] = [];
  readonly #rejects: Reject[] = [];
  #chunkOf: Uint32Array;
  #startOf: Uint32Array;
  #topicOf: Uint32Array;
  #partitionOf: Int32Array;
  #offsetOf: Float64Array;
  #timestampOf: Float64Array;
  #count = 0;
  #recordBytes = 0;
  /** Of all chunks but the last, which its source holds anyway. */
  #chunkBytes = 0;
  #skipped = 0;
  #bytesMax: number;

  constructor(meta: readonly MetaColumn[], bounds: BatchBounds) {
    this.#meta = meta;
    this.#bounds = bounds;
    this.#bytesMax = bounds.bytesMax;
    this.#lines = new ByteWriter(Math.min(bounds.bytesMax, 1 << 20));
    const initial = Math.min(bounds.recordsMax, 4096);
    this.#chunkOf = new Uint32Array(initial);
    this.#startOf = new Uint32Array(initial);
    this.#topicOf = new Uint32Array(initial);
    this.#partitionOf = new Int32Array(initial);
    this.#offsetOf = new Float64Array(initial);
    this.#timestampOf = new Float64Array(initial);
  }

  get bytes(): Buffer {
    return this.#lines.bytes;
  }
  get length(): number {
    return this.#lines.length;
  }
  /** Records in the batch, the rejected ones included, the skipped ones not. */
  get count(): number {
    return this.#count;
  }
  /** Bytes of keys and values. */
  get recordBytes(): number {
    return this.#recordBytes;
  }
  /** Records passed over by the source's own rule, such as tombstones. */
  get skipped(): number {
    return this.#skipped;
  }
  /** Records refused before the transform, ascending by ordinal. */
  get rejects(): readonly Reject[] {
    return this.#rejects;
  }
  /** True once nothing more may be appended. */
  get full(): boolean {
    const held = Math.max(this.#chunkBytes, this.#lines.length);
    return (
      Math.max(this.#recordBytes, this.#count) >= this.#bytesMax ||
      this.#count >= this.#bounds.recordsMax ||
      held >= this.#bounds.bytesMax * heldPerByte
    );
  }
  /** What part of it is taken: 1 where it is full. */
  get fill(): number {
    return this.full ? 1 : Math.max(this.#recordBytes / this.#bytesMax, this.#count / this.#bounds.recordsMax);
  }
  /** True while no split has moved: there is nothing to write. */
  get empty(): boolean {
    return this.#moves.size === 0;
  }
  /** Which split each record is of; without the records that no move has followed yet. */
  get runs(): readonly SplitRun[] {
    return this.#runs;
  }
  /** One move per split, from where the batch found it to where it leaves it. */
  get moves(): readonly Move[] {
    return [...this.#moves.values()];
  }

  /**
   * Appends one record. False: the format first needs a schema; nothing was appended, and the caller calls
   * `format.prepare(record)` and appends again. Throws what the format or the record's chunk throws; then nothing was appended.
   */
  append(record: RecordView, format: Format): boolean {
    const before = this.#lines.length;
    let error: string | null;
    try {
      error = hasFitTimestamp(record) ? this.#appendLine(record, format) : timestampOutOfRange;
      if (error !== needsSchema) this.#remember(record);
    } catch (thrown) {
      this.#lines.length = before;
      throw thrown;
    }
    if (error === null) return true;
    this.#lines.length = before;
    if (error === needsSchema) return false;
    this.#rejects.push({ ordinal: this.#count - 1, error });
    return true;
  }

  /** Appends a record that the source itself refuses, such as a tombstone where the manifest says so. */
  reject(record: RecordView, error: string): void {
    this.#remember(record);
    this.#rejects.push({ ordinal: this.#count - 1, error });
  }

  /** Counts a record that makes no row and no letter. */
  skip(): void {
    this.#skipped++;
  }

  /**
   * Notes how far a split has come; `from` counts only the first time in a batch. Also for ranges without a record. The records
   * since the last call are this split's.
   */
  advance(split: string, from: Position | null, to: Position): void {
    const earlier = this.#moves.get(split);
    this.#moves.set(split, { split, from: earlier === undefined ? from : earlier.from, to });
    const index = this.#indexes.get(split) ?? this.#indexes.size;
    if (earlier === undefined) this.#indexes.set(split, index);
    const last = this.#runs.at(-1);
    if ((last?.end ?? 0) === this.#count) return;
    if (last?.split === index) last.end = this.#count;
    else this.#runs.push({ split: index, end: this.#count });
  }

  /**
   * Makes the batch full sooner, at `bytesMax` bytes of records, each of which counts as one at least, until it is cleared. More
   * than its bound changes nothing.
   */
  narrow(bytesMax: number): void {
    this.#bytesMax = Math.min(bytesMax, this.#bounds.bytesMax);
  }

  /** Where the record with this ordinal came from. */
  origin(ordinal: number): Origin {
    return {
      topic: this.#topics[this.#topicOf[ordinal]!]!,
      partition: this.#partitionOf[ordinal]!,
      offset: this.#offsetOf[ordinal]!,
      timestampMs: this.#timestampOf[ordinal]!,
    };
  }

  /** The record with this ordinal, byte by byte as it came. */
  original(ordinal: number): Original {
    return this.#chunks[this.#chunkOf[ordinal]!]!.original(this.#startOf[ordinal]!);
  }

  /** Makes the batch empty again; its buffers stay for the next use. */
  clear(): void {
    this.#lines.length = 0;
    this.#chunks.length = 0;
    this.#topics.length = 0;
    this.#moves.clear();
    this.#indexes.clear();
    this.#runs.length = 0;
    this.#rejects.length = 0;
    this.#count = 0;
    this.#recordBytes = 0;
    this.#chunkBytes = 0;
    this.#skipped = 0;
    this.#bytesMax = this.#bounds.bytesMax;
  }

  /** Answers as `Format.encode`; what it wrote of a refused record is the caller's to undo. */
  #appendLine(record: RecordView, format: Format): string | null {
    const lines = this.#lines;
    lines.copy(prefix, 0, prefix.length);
    lines.integer(this.#count);
    const refused = this.#meta.length === 0 ? null : this.#appendMeta(record);
    if (refused !== null) return refused;
    lines.byte(0x2c);
    const members = lines.length;
    const error = format.encode(record, lines);
    if (error !== null) return error;
    if (lines.length === members) lines.length--;
    lines.byte(0x7d);
    lines.byte(0x0a);
    return null;
  }

  #remember(record: RecordView): void {
    const ordinal = this.#count;
    if (ordinal === this.#chunkOf.length) this.#grow();
    const last = this.#chunks.at(-1);
    if (last !== record.chunk) {
      this.#chunkBytes += last?.byteLength ?? 0;
      this.#chunks.push(record.chunk);
    }
    if (this.#topics.at(-1) !== record.topic) this.#topics.push(record.topic);
    this.#chunkOf[ordinal] = this.#chunks.length - 1;
    this.#startOf[ordinal] = record.start;
    this.#topicOf[ordinal] = this.#topics.length - 1;
    this.#partitionOf[ordinal] = record.partition;
    this.#offsetOf[ordinal] = record.offset;
    this.#timestampOf[ordinal] = clamped(record.timestampMs);
    this.#recordBytes += Math.max(record.valueEnd - record.valueStart, 0) + Math.max(record.keyEnd - record.keyStart, 0);
    this.#count++;
  }

  #appendMeta(record: RecordView): string | null {
    const lines = this.#lines;
    for (const column of this.#meta) {
      lines.ascii(`,"${column}":`);
      switch (column) {
        case "_topic":
          lines.utf8(JSON.stringify(record.topic));
          break;
        case "_partition":
          lines.integer(record.partition);
          break;
        case "_offset":
          lines.integer(record.offset);
          break;
        case "_timestamp":
          lines.integer(record.timestampMs);
          break;
        case "_key": {
          const error = appendText(
            lines,
            record.keyStart < 0 ? null : record.bytes.subarray(record.keyStart, record.keyEnd),
            "_key",
          );
          if (error !== null) return error;
          break;
        }
        case "_headers": {
          const error = appendHeaders(lines, record.chunk.original(record.start));
          if (error !== null) return error;
          break;
        }
        default:
          return column satisfies never;
      }
    }
    return null;
  }

  #grow(): void {
    const capacity = this.#chunkOf.length * 2;
    const grown = <T extends Uint32Array | Int32Array | Float64Array>(larger: T, from: T): T => {
      larger.set(from);
      return larger;
    };
    this.#chunkOf = grown(new Uint32Array(capacity), this.#chunkOf);
    this.#startOf = grown(new Uint32Array(capacity), this.#startOf);
    this.#topicOf = grown(new Uint32Array(capacity), this.#topicOf);
    this.#partitionOf = grown(new Int32Array(capacity), this.#partitionOf);
    this.#offsetOf = grown(new Float64Array(capacity), this.#offsetOf);
    this.#timestampOf = grown(new Float64Array(capacity), this.#timestampOf);
  }
}

const timestampOutOfRange = "timestamp: out of range; milliseconds since the epoch have to be below 2^53";

/** Producers may write any 64 bits. The outermost safe integers count as out of range, too: sources clamp to them. */
function hasFitTimestamp({ timestampMs }: RecordView): boolean {
  return Number.isSafeInteger(timestampMs) && Math.abs(timestampMs) < Number.MAX_SAFE_INTEGER;
}

/** The nearest safe integer, so that a letter of the record can be read again. */
function clamped(timestampMs: number): number {
  return Math.min(Math.max(Math.trunc(timestampMs) || 0, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function appendText(lines: ByteWriter, bytes: Buffer | null, what: string): string | null {
  if (bytes === null) {
    lines.ascii("null");
    return null;
  }
  try {
    lines.utf8(JSON.stringify(utf8.decode(bytes)));
    return null;
  } catch {
    return `${what}: the bytes are not UTF-8`;
  }
}

function appendHeaders(lines: ByteWriter, { headers }: Original): string | null {
  let before = "{";
  for (const [name, value] of new Map(headers.map(({ name, value }) => [name, value]))) {
    lines.utf8(`${before}${JSON.stringify(name)}:`);
    const error = appendText(lines, value, `_headers: header ${JSON.stringify(name)}`);
    if (error !== null) return error;
    before = ",";
  }
  lines.ascii(before === "{" ? "{}" : "}");
  return null;
}
