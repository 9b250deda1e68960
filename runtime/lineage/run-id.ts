/** Random bytes in a UUID of version 7. */
export const runIdBytes = 10;

/** A UUID of version 7 (RFC 9562): of a moment, in milliseconds since the epoch, and random bytes. */
export function runId(atMs: number, random: Buffer): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(atMs, 0, 6);
  random.copy(bytes, 6, 0, runIdBytes);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
