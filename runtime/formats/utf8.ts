import { isUtf8 } from "node:buffer";

/** Offset from `start` of the first byte of `bytes[start, end)` that is not UTF-8 (RFC 3629: no surrogates, nothing overlong); -1 where all is. */
export function invalidUtf8At(bytes: Buffer, start: number, end: number): number {
  if (isUtf8(bytes.subarray(start, end))) return -1;
  let at = start;
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return at - start;
    at += length;
  }
  return -1;
}

/** The sentence a record is refused with. It names the place, never the bytes. */
export function notUtf8(offset: number): string {
  return `not UTF-8: the bytes stop being text at byte ${offset} of the value`;
}

/** Bytes of the character at `at`, or 0 where there is none. Unicode 15, table 3-7. */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > end) return 0;
  const second = bytes[at + 1]!;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let next = at + 2; next < at + length; next++) if ((bytes[next]! & 0xc0) !== 0x80) return 0;
  return length;
}
