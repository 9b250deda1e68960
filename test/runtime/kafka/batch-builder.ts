import { crc32c } from "@platformatic/kafka";

/** A record as a test writes it. */
export interface BuiltRecord {
  readonly offset: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly timestampMs?: number;
  readonly headers?: readonly (readonly [string, Buffer | null])[];
}

/** A record batch as a test writes it. */
export interface BuiltBatch {
  readonly baseOffset: number;
  /** Default: the last record's. Compaction keeps it when it removes the last records. */
  readonly lastOffset?: number;
  readonly records: readonly BuiltRecord[];
  readonly codec?: number;
  readonly compress?: (bytes: Buffer) => Buffer;
  readonly producerId?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
}

/** A record batch, format 2, written down from its description. https://kafka.apache.org/documentation/#recordbatch */
export function buildBatch({
  baseOffset,
  lastOffset,
  records,
  codec = 0,
  compress = (bytes) => bytes,
  producerId = -1,
  transactional,
  control,
}: BuiltBatch): Buffer {
  const baseTimestamp = records[0]?.timestampMs ?? 0;
  const body = compress(Buffer.concat(records.map((record) => buildRecord(record, baseOffset, baseTimestamp))));
  const batch = Buffer.alloc(61 + body.length);
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(codec | (transactional === true || control === true ? 0x10 : 0) | (control === true ? 0x20 : 0), 21);
  batch.writeInt32BE((lastOffset ?? records.at(-1)?.offset ?? baseOffset) - baseOffset, 23);
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27);
  batch.writeBigInt64BE(BigInt(Math.max(0, ...records.map(({ timestampMs = 0 }) => timestampMs))), 35);
  batch.writeBigInt64BE(BigInt(producerId), 43);
  batch.writeInt32BE(records.length, 57);
  body.copy(batch, 61);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** A transaction's marker. */
export function buildMarker(offset: number, producerId: number, type: "abort" | "commit"): Buffer {
  const key = Buffer.from([0, 0, 0, type === "abort" ? 0 : 1]);
  return buildBatch({ baseOffset: offset, records: [{ offset, key, value: Buffer.alloc(6) }], producerId, control: true });
}

function buildRecord(
  { offset, key = null, value, timestampMs = 0, headers = [] }: BuiltRecord,
  baseOffset: number,
  baseTimestamp: number,
): Buffer {
  const fields = [
    Buffer.from([0]),
    varint(timestampMs - baseTimestamp),
    varint(offset - baseOffset),
    ...bytes(key),
    ...bytes(value),
    varint(headers.length),
  ];
  for (const [name, header] of headers) fields.push(...bytes(Buffer.from(name)), ...bytes(header));
  const record = Buffer.concat(fields);
  return Buffer.concat([varint(record.length), record]);
}

function bytes(value: Buffer | null): Buffer[] {
  return value === null ? [varint(-1)] : [varint(value.length), value];
}

/** Zigzag, seven bits a byte, lowest first. */
export function varint(value: number): Buffer {
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
  const out: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(out);
}
