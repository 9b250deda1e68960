/** The bytes of a record batch are not what they should be: cut, flipped or written by something else. */
export class CorruptRecords extends Error {
  override readonly name = "CorruptRecords";
}

/** Varints of more bytes cannot be a 64-bit integer. */
const varintBytesMax = 10;

/** Reads a range of bytes from front to back. Throws CorruptRecords instead of reading past its end. */
export class ByteReader {
  bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /**
   * A signed integer in Kafka's variable-length zigzag encoding (its varint and varlong are the same on the wire).
   * Beyond 2^53 it loses digits: lengths, deltas of offsets and of milliseconds stay far below.
   * https://kafka.apache.org/documentation/#recordheader
   */
  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    if (at >= end) throw cut();
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      let factor = 0x80;
      const last = at + varintBytesMax - 1;
      do {
        if (at >= end) throw cut();
        if (at === last) throw new CorruptRecords("a variable-length integer has more than 10 bytes");
        byte = bytes[at++]!;
        value += (byte & 0x7f) * factor;
        factor *= 0x80;
      } while (byte >= 0x80);
    }
    this.at = at;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (count < 0 || count > this.end - this.at) throw cut();
    this.at += count;
  }

  /** A view of the next bytes with their length in front; null where the length is -1. */
  bytesOrNull(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.skip(length);
    return this.bytes.subarray(start, start + length);
  }
}

function cut(): CorruptRecords {
  return new CorruptRecords("a record runs past the end of its batch");
}
