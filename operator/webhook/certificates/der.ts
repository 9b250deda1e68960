/** DER, as far as an X.509 certificate needs it (ITU-T X.690). Each function makes one element of tag, length and content. */

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;
const contextSpecific = 0x80;
const constructed = 0x20;
/** From this year on a time has four digits of its year (RFC 5280, 4.1.2.5). */
const generalizedTimeYear = 2050;

function element(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content]);
}

/** Its parts in their order. */
export const sequence = (...parts: readonly Buffer[]): Buffer => element(tag.sequence, Buffer.concat(parts));
/** Its parts, which have no order: one, here. */
export const set = (...parts: readonly Buffer[]): Buffer => element(tag.set, Buffer.concat(parts));
/** Bytes, such as an extension's value. */
export const octetString = (content: Buffer): Buffer => element(tag.octetString, content);
/** Text. */
export const utf8String = (text: string): Buffer => element(tag.utf8String, Buffer.from(text));
/** True or false. */
export const boolean = (value: boolean): Buffer => element(tag.boolean, Buffer.from([value ? 0xff : 0]));

/** A positive integer of big-endian bytes, of which the first bit is 0: set, it would make it negative. */
export const integer = (bytes: Buffer): Buffer => element(tag.integer, bytes);

/** Bits, of which the last `unusedBits` of the last byte do not count. */
export const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  element(tag.bitString, Buffer.concat([Buffer.from([unusedBits]), content]));

/** An object identifier: `2.5.4.3`. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return element(tag.oid, Buffer.from(bytes));
}

/** A moment in whole seconds, in the form that RFC 5280 wants for its year. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const short = new Date(epochMs).getUTCFullYear() < generalizedTimeYear;
  return element(short ? tag.utcTime : tag.generalizedTime, Buffer.from(short ? digits.slice(2) : digits));
}

/** `[number] EXPLICIT`: around another element. */
export const explicit = (number: number, content: Buffer): Buffer => element(contextSpecific | constructed | number, content);
/** `[number] IMPLICIT`: in place of the tag of what is no container. */
export const implicit = (number: number, content: Buffer): Buffer => element(contextSpecific | number, content);
