import avro, { type Type } from "avsc";

const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (one: bigint, other: bigint) => Number(one - other),
});
/** avsc as the writer: logical types are their encodings, longs are bigint, a union's value is `{ branch: value }`. */
export function writer(schema: object): Type {
  const typeHook = (part: unknown) =>
    part === "long" || (part as { readonly type?: unknown }).type === "long" ? long : undefined;
  return avro.Type.forSchema(schema as never, { typeHook, wrapUnions: true });
}
