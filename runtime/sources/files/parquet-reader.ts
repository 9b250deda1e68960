import type { Batch } from "../../component/batch.ts";
import { Terminal } from "../../component/errors.ts";
import type { Position } from "../../component/position.ts";
import type { Chunk, RecordView } from "../../component/record.ts";
import type { FileReader } from "./file-reader.ts";
import { type FilePosition, fileVersion, sameVersion } from "./file-version.ts";
import { type ParquetRows, readParquet } from "./parquet-rows.ts";
import type { FileReaderOptions } from "./text-reader.ts";

/** Reads the rows of a Parquet file. A record's value is its row as a JSON object. */
export class ParquetReader implements FileReader {
  readonly #options: FileReaderOptions;
  readonly #rows: AsyncGenerator<ParquetRows, void, void>;
  #stored: Position | null;
  #position: FilePosition;
  /** Rows at hand; those before `#next` are in a batch. */
  #chunk = new RowChunk({ first: 0, texts: [] });
  #next = 0;

  constructor(
    options: FileReaderOptions,
    { columns, scratchDirectory }: { readonly columns: readonly string[]; readonly scratchDirectory: string },
  ) {
    this.#options = options;
    this.#stored = options.stored;
    this.#position = options.from;
    this.#rows = readParquet({ file: options.file, columns, from: options.from.row, scratchDirectory });
  }

  get position(): FilePosition {
    return this.#position;
  }
  get stored(): Position | null {
    return this.#stored;
  }
  get timestampMs(): number {
    return this.#options.from.modifiedMs;
  }

  async fill(into: Batch, signal: AbortSignal): Promise<void> {
    await this.#checkVersion();
    for (;;) {
      const unread = this.#append(into);
      if (into.full || signal.aborted) return;
      if (unread !== null) {
        await this.#options.format.prepare?.(unread);
        continue;
      }
      const { done, value } = await this.#rows.next();
      if (done === true) break;
      this.#chunk = new RowChunk(value);
      this.#next = 0;
    }
    await this.#checkVersion();
    this.#advance(into, { ...this.#position, done: true });
  }

  async close(): Promise<void> {
    await this.#rows.return();
  }

  /** Appends the rows at hand; their move with them. Returns the row that first needs a schema, else null. */
  #append(into: Batch): RecordView | null {
    const { file, format, from } = this.#options;
    const chunk = this.#chunk;
    const before = this.#next;
    let unread = false;
    const view: RecordView = {
      chunk,
      start: 0,
      bytes: chunk.bytes,
      valueStart: 0,
      valueEnd: 0,
      keyStart: -1,
      keyEnd: -1,
      offset: 0,
      timestampMs: from.modifiedMs,
      partition: 0,
      topic: file.name,
    };
    for (; this.#next < chunk.count && !into.full; this.#next++) {
      view.start = this.#next;
      view.valueStart = chunk.startOf(this.#next);
      view.valueEnd = chunk.startOf(this.#next + 1);
      view.offset = chunk.first + this.#next;
      unread = !into.append(view, format);
      if (unread) break;
    }
    if (this.#next > before) this.#advance(into, { ...this.#position, row: chunk.first + this.#next });
    return unread ? view : null;
  }

  #advance(into: Batch, to: FilePosition): void {
    into.advance(this.#options.file.name, this.#stored, to);
    this.#stored = to;
    this.#position = to;
  }

  async #checkVersion(): Promise<void> {
    const { path, name } = this.#options.file;
    if (sameVersion(await fileVersion(path, name), this.#position)) return;
    throw new Terminal(
      "FileChanged",
      `${name}: changed while it was being read, at row ${this.#position.row}; write files under another name and rename them when they are complete`,
    );
  }
}

/** Rows behind each other in one buffer. `start` of a record is its index. */
class RowChunk implements Chunk {
  readonly first: number;
  readonly count: number;
  readonly bytes: Buffer;
  readonly #starts: Uint32Array;

  constructor({ first, texts }: ParquetRows) {
    this.first = first;
    this.count = texts.length;
    this.bytes = Buffer.from(texts.join(""));
    this.#starts = new Uint32Array(texts.length + 1);
    let start = 0;
    for (const [index, text] of texts.entries()) this.#starts[index + 1] = start += Buffer.byteLength(text);
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  startOf(index: number): number {
    return this.#starts[index]!;
  }

  original(start: number): { readonly key: null; readonly value: Buffer; readonly headers: readonly [] } {
    return { key: null, value: this.bytes.subarray(this.startOf(start), this.startOf(start + 1)), headers: [] };
  }
}
