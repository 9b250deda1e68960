import { invalidUtf8At, notUtf8 } from "./utf8.ts";

/** Nested objects and arrays in one value. What reads the text after us recurses, and nobody writes a record this deep. */
export const jsonDepthMax = 512;

const value = 0;
const firstItem = 1;
const firstKey = 2;
const key = 3;
const after = 4;

const quote = 0x22;
const comma = 0x2c;
const zero = 0x30;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const openObject = 0x7b;

/**
 * Proves that bytes are one JSON value (RFC 8259), in one pass and without making an object. It is stricter than what reads
 * the text afterwards (DuckDB takes NaN and trailing commas) and refuses what cannot be text there: a lone surrogate.
 * The whole grammar costs no more than counting brackets: the strings are most of the bytes either way.
 */
export class JsonScan {
  /** Index of the value's first byte, without the whitespace around it. */
  first = 0;
  /** Index after the value's last byte. */
  last = 0;
  /** True where a line break stands between two tokens. */
  hasLineBreaks = false;
  readonly #brackets = new Uint8Array(jsonDepthMax);
  #fault = "";
  #faultAt = 0;
  #seen = 0;

  /** Returns null where `bytes[start, end)` is one JSON value, else why not, without its content. */
  scan(bytes: Buffer, start: number, end: number): string | null {
    this.hasLineBreaks = false;
    this.#seen = 0;
    this.first = this.#space(bytes, start, end);
    if (this.first === end) return "not JSON: the value is empty";
    this.#value(bytes, this.first, end);
    if (this.last < 0) return `not JSON: ${this.#fault} at byte ${this.#faultAt - start} of the value`;
    if (this.#seen < 0x80) return null;
    const invalid = invalidUtf8At(bytes, start, end);
    return invalid < 0 ? null : notUtf8(invalid);
  }

  /** Sets `last` to the index after the value, or to -1. */
  #value(bytes: Buffer, start: number, end: number): void {
    const brackets = this.#brackets;
    let depth = 0;
    let expected = value;
    let at = start;
    while (at < end) {
      const byte = bytes[at]!;
      if (expected <= firstItem) {
        if (byte === quote) at = this.#string(bytes, at + 1, end);
        else if (byte === openObject || byte === openArray) {
          if (depth === jsonDepthMax) return this.#stop(`more than ${jsonDepthMax} levels of nesting`, at);
          brackets[depth++] = byte;
          expected = byte === openObject ? firstKey : firstItem;
          at = this.#space(bytes, at + 1, end);
          continue;
        } else if (byte === openArray + 2 && expected === firstItem) {
          depth--;
          at++;
        } else at = this.#literal(bytes, at, end);
        expected = after;
      } else if (expected === after) {
        if (depth === 0) return this.#stop("something follows the value", at);
        const bracket = brackets[depth - 1]!;
        if (byte === comma) expected = bracket === openObject ? key : value;
        else if (byte === bracket + 2) depth--;
        else return this.#stop(`expected a comma or ${bracket === openObject ? "}" : "]"}`, at);
        at++;
      } else if (byte === quote) {
        at = this.#string(bytes, at + 1, end);
        if (at >= 0) at = this.#space(bytes, at, end);
        if (at >= 0 && bytes[at] !== colon) return this.#stop("expected a colon", at);
        if (at >= 0) at++;
        expected = value;
      } else if (byte === openObject + 2 && expected === firstKey) {
        depth--;
        at++;
        expected = after;
      } else return this.#stop("expected a member's name in quotes", at);
      if (at < 0) return;
      this.last = at;
      if (at < end && bytes[at]! <= 0x20) at = this.#space(bytes, at, end);
    }
    if (depth > 0) this.#stop(`the value ends inside ${brackets[depth - 1] === openObject ? "an object" : "an array"}`, end);
  }

  #stop(fault: string, at: number): void {
    this.#fail(fault, at);
  }

  #fail(fault: string, at: number): -1 {
    this.#fault = fault;
    this.#faultAt = at;
    this.last = -1;
    return -1;
  }

  #space(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === 0x0a || byte === 0x0d) this.hasLineBreaks = true;
      else if (byte !== 0x20 && byte !== 0x09) break;
    }
    return at;
  }

  /** From after the opening quote to after the closing one. */
  #string(bytes: Buffer, start: number, end: number): number {
    let seen = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      seen |= byte;
      if (byte === quote) {
        this.#seen |= seen;
        return at + 1;
      }
      if (byte === backslash) {
        at = this.#escape(bytes, at, end);
        if (at < 0) return -1;
      } else if (byte < 0x20) return this.#fail("a control character stands in a string", at);
    }
    return this.#fail("the value ends inside a string", end);
  }

  /** From the backslash to the last byte of the escape. */
  #escape(bytes: Buffer, at: number, end: number): number {
    switch (at + 1 < end ? bytes[at + 1] : 0) {
      case 0x22:
      case 0x5c:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at + 1;
      case 0x75:
        break;
      default:
        return this.#fail("an escape in a string is none of JSON's", at);
    }
    const unit = codeUnit(bytes, at, end);
    if (unit < 0) return this.#fail("\\u is not followed by four hex digits", at);
    if (unit < 0xd800 || unit > 0xdfff) return at + 5;
    const low = unit < 0xdc00 && bytes[at + 6] === backslash && bytes[at + 7] === 0x75 ? codeUnit(bytes, at + 6, end) : -1;
    return low >= 0xdc00 && low <= 0xdfff
      ? at + 11
      : this.#fail("half a surrogate pair, which is no character, stands in a string", at);
  }

  /** From the first byte of a number, `true`, `false` or `null` to after it. */
  #literal(bytes: Buffer, start: number, end: number): number {
    const byte = bytes[start]!;
    if (byte === 0x74) return this.#word(bytes, start, end, "true");
    if (byte === 0x66) return this.#word(bytes, start, end, "false");
    if (byte === 0x6e) return this.#word(bytes, start, end, "null");
    let at = byte === 0x2d ? start + 1 : start;
    const whole = digits(bytes, at, end);
    if (whole === at) return this.#fail("expected a value", start);
    if (whole > at + 1 && bytes[at] === zero) return this.#fail("a number begins with a zero", start);
    at = whole;
    if (at < end && bytes[at] === 0x2e) {
      const fraction = digits(bytes, at + 1, end);
      if (fraction === at + 1) return this.#fail("a number ends in a point", at);
      at = fraction;
    }
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      const sign = at + 1 < end && (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d) ? 1 : 0;
      const exponent = digits(bytes, at + 1 + sign, end);
      if (exponent === at + 1 + sign) return this.#fail("a number's exponent has no digits", at);
      at = exponent;
    }
    return at;
  }

  #word(bytes: Buffer, start: number, end: number, word: "true" | "false" | "null"): number {
    if (start + word.length > end) return this.#fail("expected a value", start);
    for (let at = 1; at < word.length; at++) {
      if (bytes[start + at] !== word.charCodeAt(at)) return this.#fail("expected a value", start);
    }
    return start + word.length;
  }
}

function digits(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= zero && bytes[at]! <= zero + 9) at++;
  return at;
}

/** The UTF-16 unit of the `\uXXXX` at `at`, or -1. */
function codeUnit(bytes: Buffer, at: number, end: number): number {
  if (at + 6 > end) return -1;
  let unit = 0;
  for (let next = at + 2; next < at + 6; next++) {
    const byte = bytes[next]!;
    const digit =
      byte >= zero && byte <= zero + 9 ? byte - zero : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66 ? (byte | 0x20) - 0x57 : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
