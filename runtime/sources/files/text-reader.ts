import type { Batch } from "../../component/batch.ts";
import { Terminal } from "../../component/errors.ts";
import type { Position } from "../../component/position.ts";
import { type Chunk, fileHeaderName, type Format, type Original, type RecordView } from "../../component/record.ts";
import { readBlocks } from "./blocks.ts";
import type { FileReader } from "./file-reader.ts";
import { type FilePosition, fileVersion, sameVersion } from "./file-version.ts";
import type { FoundFile } from "./find-files.ts";
import { contentEnd } from "./record-end.ts";
import type { TextLayout } from "./text-layout.ts";

/** A record longer than this is refused, with what was read of it as its original. What reads the lines takes no longer ones. */
export const recordBytesMax = 16 << 20;

/** A carriage return and a newline. */
const lineEndBytesMax = 2;
const byteOrderMark = Buffer.from("\ufeff");
const nothing: Buffer = Buffer.alloc(0);

/** Which file to read, how and from where. */
export interface FileReaderOptions {
  readonly file: FoundFile;
  readonly format: Format;
  /** As the warehouse holds it; null: nothing yet. */
  readonly stored: Position | null;
  /** Where to begin. */
  readonly from: FilePosition;
}

/** Reads the records of a text file: lines, or CSV records. */
export class TextReader implements FileReader {
  readonly #options: FileReaderOptions;
  readonly #layout: TextLayout;
  readonly #view: RecordView;
  #format: Format;
  #header: Buffer | null = null;
  #stored: Position | null;
  #position: FilePosition;
  #blocks: AsyncGenerator<Buffer, void, void> | null = null;
  /** Bytes not yet read begin at `#start`; `#complete`: the file ends with them. */
  #buffer = nothing;
  #start = 0;
  #complete = false;
  #chunk: Chunk | null = null;
  /** Beginning of a record that is too long, while its end is looked for. */
  #tooLong: { readonly head: Buffer; bytes: number; ended: boolean } | null = null;

  constructor(options: FileReaderOptions, layout: TextLayout) {
    this.#options = options;
    this.#layout = layout;
    this.#format = options.format;
    this.#stored = options.stored;
    this.#position = options.from;
    this.#view = {
      chunk: chunkOf(nothing, layout, null),
      start: 0,
      bytes: nothing,
      valueStart: 0,
      valueEnd: 0,
      keyStart: -1,
      keyEnd: -1,
      offset: 0,
      timestampMs: options.from.modifiedMs,
      partition: 0,
      topic: options.file.name,
    };
  }

  get position(): FilePosition {
    return this.#position;
  }
  get stored(): Position | null {
    return this.#stored;
  }
  get timestampMs(): number {
    return this.#view.timestampMs;
  }

  async fill(into: Batch, signal: AbortSignal): Promise<void> {
    await this.#checkVersion();
    if (this.#blocks === null) await this.#begin();
    for (;;) {
      const unread = this.#append(into);
      if (into.full || signal.aborted) return;
      if (unread) await this.#format.prepare?.(this.#view);
      else if (this.#complete) break;
      else await this.#more();
    }
    await this.#checkVersion();
    this.#advance(into, { ...this.#position, done: true });
  }

  async close(): Promise<void> {
    await this.#blocks?.return();
    this.#blocks = null;
  }

  /** Finds the header, wherever reading goes on. */
  async #begin(): Promise<void> {
    const { from } = this.#options;
    this.#open(0);
    await this.#more();
    const { encoding, header } = this.#layout;
    if (encoding !== "bytes") this.#checkEncoding();
    if (header) await this.#readHeader();
    if (from.at === 0) this.#position = { ...from, at: this.#start };
    else {
      await this.close();
      this.#open(from.at);
    }
  }

  #open(from: number): void {
    const { file } = this.#options;
    this.#blocks = readBlocks({ ...file, size: this.#options.from.size, from });
    this.#hold(nothing);
    this.#complete = false;
  }

  #checkEncoding(): void {
    const bytes = this.#buffer;
    const utf16 = bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
    const zeros = this.#layout.encoding === "markup" && (bytes[0] === 0 || bytes[1] === 0);
    if (utf16 || zeros) {
      const { name } = this.#options.file;
      throw new Terminal(
        "EncodingUnsupported",
        `${name}: is UTF-16 or UTF-32, not UTF-8; convert it, for example with iconv -f UTF-16 -t UTF-8`,
      );
    }
    if (bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark)) this.#start = byteOrderMark.length;
  }

  async #readHeader(): Promise<void> {
    const { name } = this.#options.file;
    for (;;) {
      const end = this.#layout.recordEnd(this.#buffer, this.#start, this.#complete);
      if (end >= 0) {
        this.#header = Buffer.from(this.#buffer.subarray(this.#start, contentEnd(this.#buffer, this.#start, end)));
        this.#start = end;
        break;
      }
      if (this.#buffer.length >= recordBytesMax)
        throw new Terminal("HeaderUnfit", `${name}: its header line is longer than ${recordBytesMax} bytes`);
      await this.#more();
    }
    // An empty file has no header and no rows that would need one.
    if (this.#header.length > 0 || !this.#complete) {
      const format = this.#options.format.withHeader?.(this.#header);
      if (typeof format === "string") throw new Terminal("HeaderUnfit", `${name}: ${format}`);
      if (format !== undefined) this.#format = format;
    }
    this.#hold(this.#buffer);
  }

  /** Reads another block behind what is there. */
  async #more(): Promise<void> {
    const { done, value } = await this.#blocks!.next();
    if (done === true) {
      this.#complete = true;
      if (this.#tooLong !== null) this.#tooLong.ended = true;
      return;
    }
    if (this.#tooLong !== null) return this.#passOver(value, this.#tooLong);
    const rest = this.#buffer.subarray(this.#start);
    this.#start = 0;
    this.#hold(rest.length === 0 ? value : Buffer.concat([rest, value]));
  }

  /** Of a record that is too long only its beginning is kept. */
  #passOver(block: Buffer, tooLong: { bytes: number; ended: boolean }): void {
    const end = block.indexOf(0x0a);
    const passed = end < 0 ? block.length : end + 1;
    tooLong.bytes += passed;
    tooLong.ended = end >= 0;
    this.#hold(block);
    this.#start = passed;
  }

  #hold(buffer: Buffer): void {
    if (buffer === nothing) this.#start = 0;
    this.#buffer = buffer;
    this.#chunk = chunkOf(buffer, this.#layout, this.#header);
  }

  /**
   * Appends the whole records at hand; their moves with them, before anything can go wrong. True: the one that comes next, which
   * the view shows, first needs a schema.
   */
  #append(into: Batch): boolean {
    const view = this.#view;
    let { row, at } = this.#position;
    const before = at;
    view.chunk = this.#chunk!;
    view.bytes = this.#buffer;
    let unread = false;
    while (!into.full) {
      if (this.#tooLong?.ended === true) {
        this.#refuse(into, this.#tooLong.head, row++);
        at += this.#tooLong.bytes;
        this.#tooLong = null;
      }
      const start = this.#start;
      const end = this.#tooLong !== null || start === this.#buffer.length ? -1 : this.#endOf(start);
      if (end < 0) break;
      if (this.#tooLong === null) {
        view.start = start;
        view.valueStart = start;
        view.valueEnd = contentEnd(this.#buffer, start, end);
        view.offset = row;
        if (!this.#passesOver(start, view.valueEnd)) {
          unread = !into.append(view, this.#format);
          if (unread) break;
          row++;
        }
        at += end - start;
      }
      this.#start = end;
    }
    if (at > before) this.#advance(into, { ...this.#position, row, at });
    return unread;
  }

  /** Index after the record; -1: more is needed. A record that is too long is noted as such. */
  #endOf(start: number): number {
    const buffer = this.#buffer;
    const fits = (end: number) => contentEnd(buffer, start, end) - start <= recordBytesMax;
    const end = this.#layout.recordEnd(buffer, start, this.#complete);
    if (end >= 0 ? fits(end) : buffer.length - start < recordBytesMax + lineEndBytesMax) return end;
    const ended = this.#layout.recordEnd(buffer, start, true);
    if (buffer[ended - 1] === 0x0a && fits(ended)) return ended;
    this.#tooLong = {
      head: Buffer.from(buffer.subarray(start, Math.min(ended, start + recordBytesMax))),
      bytes: ended - start,
      ended: this.#complete || buffer[ended - 1] === 0x0a,
    };
    return ended;
  }

  #refuse(into: Batch, head: Buffer, row: number): void {
    const chunk: Chunk = {
      byteLength: head.length,
      original: () => ({ key: null, value: head, headers: headersOf(this.#header) }),
    };
    into.reject(
      { ...this.#view, chunk, bytes: head, start: 0, valueStart: 0, valueEnd: head.length, offset: row },
      `the record is longer than ${recordBytesMax} bytes; only so much of it is kept`,
    );
  }

  #passesOver(start: number, end: number): boolean {
    const { passesOver } = this.#layout;
    if (passesOver === "nothing") return false;
    let at = start;
    if (passesOver === "blank") while (at < end && isBlank(this.#buffer[at]!)) at++;
    return at === end;
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

/** White space of JSON that may stand in a line: space, tab, carriage return. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function chunkOf(bytes: Buffer, { recordEnd }: TextLayout, header: Buffer | null): Chunk {
  return {
    byteLength: bytes.length,
    original(start) {
      return {
        key: null,
        value: bytes.subarray(start, contentEnd(bytes, start, recordEnd(bytes, start, true))),
        headers: headersOf(header),
      };
    },
  };
}

function headersOf(header: Buffer | null): Original["headers"] {
  return header === null ? [] : [{ name: fileHeaderName, value: header }];
}
