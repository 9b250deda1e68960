import type { Chunk, Header, Original } from "../component/record.ts";
import { ByteReader, CorruptRecords } from "./byte-reader.ts";

/** Records of a partition, unpacked. */
export class RecordChunk implements Chunk {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** The record whose length field is at `start`; key, value and headers are views of the chunk. */
  original(start: number): Original {
    const reader = new ByteReader(this.bytes, start, this.bytes.length);
    const length = reader.varint();
    reader.end = reader.at + length;
    reader.skip(1);
    reader.varint();
    reader.varint();
    const key = reader.bytesOrNull();
    const value = reader.bytesOrNull();
    return { key, value, headers: readHeaders(reader) };
  }
}

function readHeaders(reader: ByteReader): Header[] {
  const headers: Header[] = [];
  for (let rest = reader.varint(); rest > 0; rest--) {
    const name = reader.bytesOrNull();
    if (name === null) throw new CorruptRecords("a header has no name");
    headers.push({ name: name.toString("utf8"), value: reader.bytesOrNull() });
  }
  return headers;
}
