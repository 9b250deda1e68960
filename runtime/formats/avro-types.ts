import avro, { type Type } from "avsc";

/** What a value of an Avro type means beyond its encoding, and in which unit. A `duration` stays the bytes it is: no SQL interval has its three units. */
export type Logical =
  | { readonly kind: "decimal"; readonly scale: number }
  | { readonly kind: "date" }
  | { readonly kind: "time"; readonly perSecond: number }
  | { readonly kind: "timestamp"; readonly perSecond: number; readonly local: boolean }
  | { readonly kind: "uuid" };

/** A schema, parsed, with the logical types of its parts. */
export interface AvroSchema {
  readonly type: Type;
  readonly logical: WeakMap<Type, Logical>;
}

/**
 * Parses a schema; `references` are the texts of schemas whose names it uses, those it depends on first. Longs come out as
 * numbers where these are exact, else as bigint. A logical type that the specification calls invalid is ignored, as it demands.
 * Throws what avsc says about a schema that is none. https://avro.apache.org/docs/1.12.0/specification/
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroSchema {
  const logical = new WeakMap<Type, Logical>();
  const registry: Record<string, Type> = {};
  const typeHook = (schema: unknown, options: object): Type | undefined => {
    const meaning = typeof schema === "object" && schema !== null ? logicalOf(schema) : null;
    const underlying =
      typeof schema === "string"
        ? schema
        : typeof schema === "object" && schema !== null && "type" in schema
          ? schema.type
          : null;
    if (meaning === null) return underlying === "long" ? exactLong() : undefined;
    // Of its own, so that what it means is known of this place only.
    const type =
      underlying === "long"
        ? exactLong()
        : underlying === "fixed"
          ? avro.Type.forSchema({ ...(schema as object), logicalType: undefined } as never, options)
          : avro.Type.forSchema({ type: underlying } as never);
    logical.set(type, meaning);
    return type;
  };
  const parse = (schema: string): Type =>
    avro.Type.forSchema(JSON.parse(schema) as never, { registry, typeHook, wrapUnions: true });
  for (const reference of references) parse(reference);
  return { type: parse(text), logical };
}

function logicalOf(schema: object): Logical | null {
  const { type, logicalType, scale = 0, precision, size } = schema as Readonly<Record<string, unknown>>;
  const encoded = typeof type === "string" ? `${type}:${String(logicalType)}` : "";
  switch (encoded) {
    case "bytes:decimal":
    case "fixed:decimal":
      return Number.isInteger(scale) && Number.isInteger(precision) && Number(scale) >= 0 && Number(scale) <= Number(precision)
        ? { kind: "decimal", scale: Number(scale) }
        : null;
    case "int:date":
      return { kind: "date" };
    case "int:time-millis":
      return { kind: "time", perSecond: 1e3 };
    case "long:time-micros":
      return { kind: "time", perSecond: 1e6 };
    case "long:timestamp-millis":
      return { kind: "timestamp", perSecond: 1e3, local: false };
    case "long:timestamp-micros":
      return { kind: "timestamp", perSecond: 1e6, local: false };
    case "long:timestamp-nanos":
      return { kind: "timestamp", perSecond: 1e9, local: false };
    case "long:local-timestamp-millis":
      return { kind: "timestamp", perSecond: 1e3, local: true };
    case "long:local-timestamp-micros":
      return { kind: "timestamp", perSecond: 1e6, local: true };
    case "long:local-timestamp-nanos":
      return { kind: "timestamp", perSecond: 1e9, local: true };
    case "fixed:uuid":
      return size === 16 ? { kind: "uuid" } : null;
    default:
      return null;
  }
}

/** High halves of the longs that a number holds exactly: those from -2^53 up to, not including, 2^53. */
const safeHigh = 2 ** 21;

function exactLong(): Type {
  return avro.types.LongType.__with({
    fromBuffer(bytes: Buffer) {
      const high = bytes.readInt32LE(4);
      return high >= -safeHigh && high < safeHigh ? high * 2 ** 32 + bytes.readUInt32LE(0) : bytes.readBigInt64LE(0);
    },
    toBuffer(value: number | bigint) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    },
    fromJSON: (value: number) => value,
    toJSON: (value: number | bigint) => Number(value),
    isValid: (value: unknown) => Number.isInteger(value) || typeof value === "bigint",
    compare: (one: number | bigint, other: number | bigint) => (one < other ? -1 : one > other ? 1 : 0),
  });
}

/**
 * Why the reader would misread what the writer means, or null: avsc matches encodings only, and a decimal of another scale or a
 * timestamp of another unit has the same one. A part without a logical type fits any.
 */
export function logicalClash(writer: AvroSchema, reader: AvroSchema): string | null {
  const seen = new Set<string>();
  const compare = (from: Type | undefined, to: Type | undefined, path: string): string | null => {
    if (from === undefined || to === undefined) return null;
    const meant = writer.logical.get(from);
    const read = reader.logical.get(to);
    if (meant !== undefined && read !== undefined && JSON.stringify(meant) !== JSON.stringify(read)) {
      return `${path === "" ? "the value" : path} is written as ${described(meant)} and read as ${described(read)}`;
    }
    for (const [name, part] of parts(from)) {
      const matching = parts(to).get(name);
      const key = `${from.name ?? ""}|${to.name ?? ""}|${name}`;
      if (from.name !== undefined && seen.has(key)) continue;
      seen.add(key);
      const clash = compare(part, matching, /^[.]/.test(name) ? `${path}${name}`.replace(/^[.]/, "") : path);
      if (clash !== null) return clash;
    }
    return null;
  };
  return compare(writer.type, reader.type, "");
}

function described(logical: Logical): string {
  if (logical.kind === "decimal") return `a decimal of scale ${logical.scale}`;
  if (!("perSecond" in logical)) return `a ${logical.kind}`;
  const unit = logical.perSecond === 1e3 ? "millis" : logical.perSecond === 1e6 ? "micros" : "nanos";
  return `a ${logical.kind === "timestamp" && logical.local ? "local-" : ""}${logical.kind}-${unit}`;
}

/** The types inside a type, by a name that is the same in writer and reader. */
function parts(type: Type): Map<string, Type> {
  if (type instanceof avro.types.RecordType) return new Map(type.fields.map((field) => [`.${field.name}`, field.type]));
  if (type instanceof avro.types.ArrayType) return new Map([["items", type.itemsType]]);
  if (type instanceof avro.types.MapType) return new Map([["values", type.valuesType as Type]]);
  if (type instanceof avro.types.WrappedUnionType)
    return new Map(type.types.map((branch) => [`branch ${branch.branchName}`, branch]));
  return new Map();
}
