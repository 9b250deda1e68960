/** A message of protobuf's wire format: its fields by number, each as often as it came. */
export type Message = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

/** Reads one. Knows no schema: what is a message, a text or bytes the caller knows. */
export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error(`protobuf: it ends within a number at byte ${at}`);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error(`protobuf: it ends within a field at byte ${at}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) throw new Error(`protobuf: wire type ${wire} at byte ${at}`);
    const value =
      wire === 0
        ? varint()
        : wire === 1
          ? take(8).readBigUInt64LE()
          : wire === 5
            ? BigInt(take(4).readUInt32LE())
            : take(Number(varint()));
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

/** The messages in a field. */
export const messagesIn = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((value) => readMessage(value as Buffer));
/** The first text in a field; empty where there is none. */
export const textIn = (message: Message, field: number): string => bytesIn(message, field).toString("utf8");
/** The first bytes in a field; none where there are none. */
export const bytesIn = (message: Message, field: number): Buffer =>
  (message.get(field)?.[0] as Buffer | undefined) ?? Buffer.of();
/** The first number in a field; 0, as in protobuf, where there is none. */
export const numberIn = (message: Message, field: number): number => Number(message.get(field)?.[0] ?? 0);
