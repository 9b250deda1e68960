/** Longest line, in bytes: an object may have 1.5 MiB in etcd, more once it is JSON with its managed fields. */
const lineBytesMax = 64 * 2 ** 20;
const newline = 0x0a;

/** The lines of a stream of bytes, without their ends, as they become whole. A last line that is not ended is dropped: it is cut off. */
export async function* watchLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      const rest = chunk.subarray(from, at);
      // Decoded only when whole: a character's bytes may be in two chunks.
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      bytes = 0;
      from = at + 1;
      if (line.length > 0) yield line.toString("utf8");
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > lineBytesMax) throw new RangeError(`watch: a line is longer than ${lineBytesMax} bytes`);
  }
}
