import avro, { type Type } from "avsc";
import { invalidUtf8At } from "./utf8.ts";

/** Nested records, arrays and maps in one value. */
const depthMax = 512;
/** Items of arrays and maps in one value beyond one for each of its bytes: items can be encoded in no bytes at all (null). */
const emptyItemsMax = 10_000;
/** Bytes of a varint that holds 64 bits. */
const varintBytesMax = 10;

/** The bytes are no value of the schema. The message names the place and never the content. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** Where a scan is in its bytes. */
interface Cursor {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  at: number;
  itemsLeft: number;
  depth: number;
}
type Skip = (cursor: Cursor) => void;

/**
 * Proves that bytes are exactly one value of a schema, so that the decoder may be let loose on them: avsc believes every
 * length it reads and only looks afterwards whether the bytes were enough, so one damaged array could take all the memory.
 * The answer throws Malformed.
 */
export function avroScan(type: Type): (bytes: Buffer, start: number, end: number) => void {
  const skip = skipOf(type, new Map());
  return (bytes, start, end) => {
    const cursor: Cursor = { bytes, start, end, at: start, itemsLeft: end - start + emptyItemsMax, depth: 0 };
    skip(cursor);
    if (cursor.at !== end) throw malformed(cursor, `${end - cursor.at} bytes follow the value`);
  };
}

/** `known` ends the recursion of types that contain themselves. */
function skipOf(type: Type, known: Map<Type, Skip>): Skip {
  const before = known.get(type);
  if (before !== undefined) return before;
  let made: Skip | null = null;
  const later: Skip = (cursor) => (made ?? skipUnknown)(cursor);
  known.set(type, later);
  made = build(type, known);
  known.set(type, made);
  return made;
}

function skipUnknown(cursor: Cursor): never {
  throw malformed(cursor, "the type is not known");
}

function build(type: Type, known: Map<Type, Skip>): Skip {
  const { types } = avro;
  if (type instanceof types.NullType) return () => {};
  if (type instanceof types.BooleanType) return skipBoolean;
  if (type instanceof types.IntType) return skipInt;
  if (type instanceof types.LongType) return (cursor) => void varint(cursor);
  if (type instanceof types.FloatType) return (cursor) => advance(cursor, 4);
  if (type instanceof types.DoubleType) return (cursor) => advance(cursor, 8);
  if (type instanceof types.BytesType) return (cursor) => advance(cursor, varint(cursor));
  if (type instanceof types.StringType) return skipString;
  if (type instanceof types.FixedType) return (cursor) => advance(cursor, type.size);
  if (type instanceof types.EnumType) return (cursor) => void index(cursor, type.symbols.length);
  if (type instanceof types.ArrayType) return skipBlocks(skipOf(type.itemsType, known));
  if (type instanceof types.MapType) return skipEntries(skipOf(type.valuesType as Type, known));
  if (type instanceof types.WrappedUnionType) {
    const branches = type.types.map((branch) => skipOf(branch, known));
    return (cursor) => branches[index(cursor, branches.length)]!(cursor);
  }
  if (type instanceof types.RecordType) {
    const fields = type.fields.map((field) => skipOf(field.type, known));
    return nested((cursor) => {
      for (const field of fields) field(cursor);
    });
  }
  throw new Error(`avro: the type ${type.typeName} is not known`);
}

function nested(skip: Skip): Skip {
  return (cursor) => {
    if (++cursor.depth > depthMax) throw malformed(cursor, `there are more than ${depthMax} levels of nesting`);
    skip(cursor);
    cursor.depth--;
  };
}

function skipBlocks(skipItem: Skip): Skip {
  return nested((cursor) => {
    for (let count = varint(cursor); count !== 0; count = varint(cursor)) {
      // A negative count is followed by the size of the block, for readers that pass over it.
      if (count < 0) varint(cursor);
      const items = Math.abs(count);
      if (items > cursor.itemsLeft) throw malformed(cursor, "an array or map has more items than there are bytes");
      cursor.itemsLeft -= items;
      for (let item = 0; item < items; item++) skipItem(cursor);
    }
  });
}

function skipEntries(skipValue: Skip): Skip {
  return skipBlocks((cursor) => {
    const key = cursor.at;
    skipString(cursor);
    // avsc would take it for the prototype of its object, and the entry would be lost.
    if (cursor.bytes.toString("latin1", key + 1, cursor.at) === "__proto__")
      throw malformed(cursor, "a map has the key __proto__");
    skipValue(cursor);
  });
}

function skipBoolean(cursor: Cursor): void {
  advance(cursor, 1);
  if (cursor.bytes[cursor.at - 1]! > 1) throw malformed(cursor, "a boolean is neither 0 nor 1");
}

function skipInt(cursor: Cursor): void {
  const value = varint(cursor);
  if (value < -(2 ** 31) || value >= 2 ** 31) throw malformed(cursor, "an int has more than 32 bits");
}

function skipString(cursor: Cursor): void {
  const length = varint(cursor);
  const from = cursor.at;
  advance(cursor, length);
  const invalid = invalidUtf8At(cursor.bytes, from, cursor.at);
  if (invalid >= 0)
    throw new Malformed(`not UTF-8: a string stops being text at byte ${from + invalid - cursor.start} of the value`);
}

function index(cursor: Cursor, count: number): number {
  const value = varint(cursor);
  if (value < 0 || value >= count) throw malformed(cursor, "an enum or union has no such index");
  return value;
}

function advance(cursor: Cursor, count: number): void {
  if (count < 0) throw malformed(cursor, "a length is negative");
  if (count > cursor.end - cursor.at) throw malformed(cursor, "the value is cut off");
  cursor.at += count;
}

/** A zigzag varint. Beyond 2^53 the number is not exact, which no length comes near. */
function varint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let read = 1; read <= varintBytesMax; read++) {
    advance(cursor, 1);
    const byte = cursor.bytes[cursor.at - 1]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (read === varintBytesMax && byte > 1) break;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    scale *= 128;
  }
  throw malformed(cursor, "an int or long has more than 64 bits");
}

function malformed(cursor: Cursor, fault: string): Malformed {
  return new Malformed(`${fault}, at byte ${cursor.at - cursor.start} of the value`);
}
