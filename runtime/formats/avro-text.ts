import avro, { type Type } from "avsc";
import type { Column } from "../../transform/column.ts";
import type { ByteWriter } from "../component/byte-writer.ts";
import { Malformed } from "./avro-scan.ts";
import type { AvroSchema, Logical } from "./avro-types.ts";
import { memberName } from "./json-text.ts";

/** A decimal's bytes: more than any database's decimals have, and few enough that turning them into digits takes no time. */
const decimalBytesMax = 64;
/** Days around 1970 that a JavaScript date can tell. */
const daysMax = 100_000_000;
const secondsPerDay = 86_400;
const comma = 0x2c;

type Write = (value: unknown, into: ByteWriter) => void;

/**
 * Writes the declared columns of a decoded record as JSON members; a column the schema does not have is left out, which makes
 * it NULL. A string says why the schema has no columns at all. The answer throws Malformed where a value has no text.
 */
export function avroMembers(schema: AvroSchema, columns: readonly Column[]): Write | string {
  const { type } = schema;
  if (!(type instanceof avro.types.RecordType))
    return `the schema is ${type.typeName}, not a record whose fields are the columns`;
  const known = new Map<Type, Write>();
  return membersOf(
    columns.flatMap(({ name }) => {
      const field = type.field(name) as { readonly type: Type } | undefined;
      return field === undefined ? [] : [{ name, write: writeOf(field.type, schema, known) }];
    }),
  );
}

function membersOf(fields: readonly { readonly name: string; readonly write: Write }[]): Write {
  const named = fields.map(({ name, write }, index) => ({
    name,
    write,
    label: Buffer.concat([index === 0 ? Buffer.alloc(0) : Buffer.from(","), memberName(name)]),
  }));
  return (value, into) => {
    const record = value as Readonly<Record<string, unknown>>;
    for (const { name, write, label } of named) {
      into.copy(label, 0, label.length);
      write(record[name], into);
    }
  };
}

/** `known` ends the recursion of types that contain themselves. */
function writeOf(type: Type, schema: AvroSchema, known: Map<Type, Write>): Write {
  const before = known.get(type);
  if (before !== undefined) return before;
  let made: Write | null = null;
  known.set(type, (value, into) => made!(value, into));
  const logical = schema.logical.get(type);
  made = logical === undefined ? build(type, schema, known) : quoted(logicalText(logical));
  known.set(type, made);
  return made;
}

function build(type: Type, schema: AvroSchema, known: Map<Type, Write>): Write {
  const { types } = avro;
  if (
    type instanceof types.NullType ||
    type instanceof types.BooleanType ||
    type instanceof types.IntType ||
    type instanceof types.LongType
  ) {
    return (value, into) => into.ascii(String(value));
  }
  if (type instanceof types.FloatType || type instanceof types.DoubleType) return writeDouble;
  if (type instanceof types.BytesType || type instanceof types.FixedType)
    return quoted((value) => (value as Buffer).toString("base64"));
  if (type instanceof types.StringType || type instanceof types.EnumType)
    return (value, into) => into.utf8(JSON.stringify(value));
  if (type instanceof types.ArrayType) return writeArray(writeOf(type.itemsType, schema, known));
  if (type instanceof types.MapType) return writeMap(writeOf(type.valuesType as Type, schema, known));
  if (type instanceof types.WrappedUnionType) {
    return writeUnion(new Map(type.types.map((branch) => [branch.branchName!, writeOf(branch, schema, known)])));
  }
  if (type instanceof types.RecordType) {
    const members = membersOf(type.fields.map((field) => ({ name: field.name, write: writeOf(field.type, schema, known) })));
    return (value, into) => {
      into.ascii("{");
      members(value, into);
      into.ascii("}");
    };
  }
  throw new Error(`avro: the type ${type.typeName} is not known`);
}

/** JSON has no numbers for the infinities and NaN; their names are what the transform casts. */
function writeDouble(value: unknown, into: ByteWriter): void {
  into.ascii(Number.isFinite(value) ? String(value) : `"${String(value)}"`);
}

function writeArray(write: Write): Write {
  return (value, into) => {
    into.ascii("[");
    for (const [index, item] of (value as readonly unknown[]).entries()) {
      if (index > 0) into.byte(comma);
      write(item, into);
    }
    into.ascii("]");
  };
}

function writeMap(write: Write): Write {
  return (value, into) => {
    into.ascii("{");
    for (const [index, [key, item]] of Object.entries(value as object).entries()) {
      if (index > 0) into.byte(comma);
      into.utf8(`${JSON.stringify(key)}:`);
      write(item, into);
    }
    into.ascii("}");
  };
}

/** The branch's value as it is: which branch it came from is lost, as it would be in a column. */
function writeUnion(branches: ReadonlyMap<string, Write>): Write {
  return (value, into) => {
    if (value === null) return into.ascii("null");
    const [name, inner] = Object.entries(value as object)[0]!;
    branches.get(name)!(inner, into);
  };
}

/** For texts that need no escapes. */
function quoted(text: (value: unknown) => string): Write {
  return (value, into) => into.ascii(`"${text(value)}"`);
}

function logicalText(logical: Logical): (value: unknown) => string {
  switch (logical.kind) {
    case "decimal":
      return (value) => decimalText(value as Buffer, logical.scale);
    case "date":
      return (value) => dateText(value as number);
    case "time":
      return (value) => timeText(BigInt(value as number | bigint), logical.perSecond);
    case "timestamp":
      return (value) => timestampText(BigInt(value as number | bigint), logical.perSecond, logical.local);
    case "uuid":
      return (value) => (value as Buffer).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    default:
      return logical satisfies never;
  }
}

/** Two's complement, most significant byte first. */
function decimalText(bytes: Buffer, scale: number): string {
  if (bytes.length > decimalBytesMax) throw new Malformed(`a decimal has ${bytes.length} bytes, more than ${decimalBytesMax}`);
  if (bytes.length === 0) return "0";
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** ISO 8601; years before 1 as DuckDB writes them, with `(BC)`. */
function dateText(days: number): string {
  if (Math.abs(days) > daysMax) throw new Malformed("a date is more than 270000 years away");
  const date = new Date(days * secondsPerDay * 1000);
  const year = date.getUTCFullYear();
  const day = [year > 0 ? year : 1 - year, date.getUTCMonth() + 1, date.getUTCDate()];
  return day.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0")).join("-") + (year > 0 ? "" : " (BC)");
}

function timeText(value: bigint, perSecond: number): string {
  const unit = BigInt(perSecond);
  const seconds = Number(value / unit);
  if (value < 0n || seconds >= secondsPerDay) throw new Malformed("a time of day is outside the day");
  const clock = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60];
  const fraction = String(value % unit).padStart(String(perSecond).length - 1, "0");
  return `${clock.map((part) => String(part).padStart(2, "0")).join(":")}.${fraction}`;
}

function timestampText(value: bigint, perSecond: number, local: boolean): string {
  const perDay = BigInt(perSecond) * BigInt(secondsPerDay);
  const inDay = ((value % perDay) + perDay) % perDay;
  return `${dateText(Number((value - inDay) / perDay))}T${timeText(inDay, perSecond)}${local ? "" : "Z"}`;
}
