import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { type Transform, pipeline } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Terminal } from "../../component/errors.ts";
import { unreadable } from "./file-version.ts";

/** Bytes read at a time: enough that a read is cheap, few enough that a batch holds little more than its records. */
export const blockBytes = 256 << 10;

/** What to read of which file. */
export interface BlocksOptions {
  readonly path: string;
  /** For messages. */
  readonly name: string;
  /** Bytes of the file as stored: what is appended meanwhile is not read. */
  readonly size: number;
  /** Where to begin in the decompressed text. In a compressed file all before it is decompressed and dropped. */
  readonly from: number;
}

/**
 * The text of a file in blocks, decompressed as its name says (`.gz`, `.zst`). Ending the iteration early closes the file.
 * Throws Terminal (gone, damaged, cut off) and NotConnected.
 */
export async function* readBlocks(options: BlocksOptions): AsyncGenerator<Buffer, void, void> {
  const { path, size, from } = options;
  const ending = extname(path).toLowerCase();
  if (size === 0) return;
  if (ending === ".gz") yield* skipping(decompressed(options, 0, createGunzip({ chunkSize: blockBytes })), from);
  else if (ending === ".zst") yield* skipping(zstdFrames(options), from);
  else if (from < size) yield* plain(options);
}

async function* plain({ path, name, size, from }: BlocksOptions): AsyncGenerator<Buffer, void, void> {
  try {
    yield* createReadStream(path, { start: from, end: size - 1, highWaterMark: blockBytes }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(error, name);
  }
}

/** A file may be many frames behind each other; Node's decompressor ends silently after the first, so each gets one of its own. */
async function* zstdFrames(options: BlocksOptions): AsyncGenerator<Buffer, void, void> {
  for (let start = 0; start < options.size;) {
    const frame = createZstdDecompress({ chunkSize: blockBytes });
    yield* decompressed(options, start, frame);
    const { bytesWritten } = frame as unknown as { readonly bytesWritten: number };
    if (bytesWritten === 0)
      throw new Terminal("FileDamaged", `${options.name}: its compression ends in nothing at byte ${start}`);
    start += bytesWritten;
  }
}

async function* decompressed(
  { path, name, size }: BlocksOptions,
  start: number,
  decompress: Transform,
): AsyncGenerator<Buffer, void, void> {
  const file = createReadStream(path, { start, end: size - 1, highWaterMark: blockBytes });
  let fileError: unknown = null;
  file.on("error", (error) => (fileError = error));
  pipeline(file, decompress, () => {});
  try {
    yield* decompress as AsyncIterable<Buffer>;
  } catch (error) {
    if (fileError !== null) throw unreadable(fileError, name);
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const what = code === "Z_BUF_ERROR" ? "it is cut off" : code;
    throw new Terminal("FileDamaged", `${name}: cannot be decompressed: ${what}`, { cause: error });
  } finally {
    file.destroy();
    decompress.destroy();
  }
}

async function* skipping(blocks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void, void> {
  let left = bytes;
  for await (const block of blocks) {
    if (left >= block.length) left -= block.length;
    else {
      yield left === 0 ? block : block.subarray(left);
      left = 0;
    }
  }
}
