const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Walks over the fields of one CSV record (RFC 4180), without making an object per field. A field that begins with a quote
 * runs to the next single quote, whatever stands between; a quote inside any other field is a character like others.
 */
export class CsvFields {
  /** The field is `bytes[start, end)`, without its quotes. */
  start = 0;
  end = 0;
  quoted = false;
  /** True where the field holds doubled quotes, each of which stands for one. */
  doubled = false;
  /** Why `next` answered false before the record's end; null at the end. */
  error: string | null = null;
  readonly #delimiter: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #last = 0;

  /** @param delimiter One ASCII character. */
  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Starts on the record `bytes[start, end)`; a line end behind the record is no part of it. */
  begin(bytes: Buffer, start: number, end: number): void {
    let last = end;
    if (last > start && bytes[last - 1] === lineFeed) last--;
    if (last > start && bytes[last - 1] === carriageReturn) last--;
    this.#bytes = bytes;
    this.#at = start;
    this.#last = last;
    this.error = null;
  }

  /** Moves to the next field. A record has at least one. False at the end, and where the record is broken: see `error`. */
  next(): boolean {
    if (this.#at > this.#last || this.error !== null) return false;
    this.doubled = false;
    this.quoted = this.#at < this.#last && this.#bytes[this.#at] === quote;
    return this.quoted ? this.#quotedField() : this.#bareField();
  }

  /** The field's bytes, each doubled quote made one. */
  unquoted(): Buffer {
    const field = this.#bytes.subarray(this.start, this.end);
    return this.doubled ? Buffer.from(field.toString("latin1").replaceAll('""', '"'), "latin1") : field;
  }

  #bareField(): boolean {
    const bytes = this.#bytes;
    const delimiter = this.#delimiter;
    let at = this.#at;
    for (; at < this.#last; at++) {
      const byte = bytes[at]!;
      if (byte === delimiter) break;
      if (byte === lineFeed) {
        this.error = "more than one record: a line break stands outside quotes";
        return false;
      }
    }
    this.#field(this.#at, at, at);
    return true;
  }

  #quotedField(): boolean {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    for (; ; at++) {
      while (at < this.#last && bytes[at] !== quote) at++;
      if (at >= this.#last) {
        this.error = "a quote is opened and never closed";
        return false;
      }
      if (at + 1 >= this.#last || bytes[at + 1] !== quote) break;
      this.doubled = true;
      at++;
    }
    if (at + 1 < this.#last && bytes[at + 1] !== this.#delimiter) {
      this.error = "a closing quote is followed by something other than the delimiter (a quote inside a quoted field is doubled)";
      return false;
    }
    this.#field(start, at, at + 1);
    return true;
  }

  /** `after` is where the delimiter begins, or the record ends. */
  #field(start: number, end: number, after: number): void {
    this.start = start;
    this.end = end;
    this.#at = after + 1;
  }
}
