import type { ByteWriter } from "../component/byte-writer.ts";

const quote = 0x22;
const backslash = 0x5c;
const hex = Buffer.from("0123456789abcdef");

/** The letter after the backslash of a short escape; 0 where there is none. */
const shortEscape = new Uint8Array(256);
for (const [byte, letter] of [
  [0x08, "b"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0c, "f"],
  [0x0d, "r"],
  [quote, '"'],
  [backslash, "\\"],
] as const) {
  shortEscape[byte] = letter.charCodeAt(0);
}

/** Bytes a byte takes more when it is escaped. */
const extraBytes = Uint8Array.from({ length: 256 }, (_, byte) => (shortEscape[byte] !== 0 ? 1 : byte < 0x20 ? 5 : 0));

/** Appends `bytes[start, end)`, which must be UTF-8, as a JSON string with its quotes. It holds no raw control character. */
export function appendJsonText(into: ByteWriter, bytes: Buffer, start: number, end: number): void {
  let extra = 0;
  for (let at = start; at < end; at++) extra += extraBytes[bytes[at]!]!;
  into.reserve(end - start + extra + 2);
  into.byte(quote);
  if (extra === 0) into.copy(bytes, start, end);
  else into.length = appendEscaped(into, bytes, start, end);
  into.byte(quote);
}

/** A member's name with its colon, ready to be copied. */
export function memberName(name: string): Buffer {
  return Buffer.from(`${JSON.stringify(name)}:`);
}

function appendEscaped(into: ByteWriter, bytes: Buffer, start: number, end: number): number {
  const out = into.bytes;
  let to = into.length;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (extraBytes[byte] === 0) {
      out[to++] = byte;
      continue;
    }
    out[to++] = backslash;
    const letter = shortEscape[byte]!;
    if (letter !== 0) {
      out[to++] = letter;
      continue;
    }
    out[to++] = 0x75;
    out[to++] = 0x30;
    out[to++] = 0x30;
    out[to++] = hex[byte >> 4]!;
    out[to++] = hex[byte & 15]!;
  }
  return to;
}
