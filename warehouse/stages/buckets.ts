import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { link, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { StageFile } from "./stage.ts";

/** Digests of a file's bytes. */
export interface Digests {
  /** Hexadecimal: what LIST shows and load metadata compares. */
  readonly md5: string;
  /** Base64: what the drivers send along as `sfc-digest`. */
  readonly sha256: string;
}

/** Digests that are remembered, so that they are not read from disk again: files of some hours of a busy pipeline. */
const digestsMax = 20_000;
/** Longest path of a file in a bucket, in bytes, as the clouds have it. */
const pathBytesMax = 1024;

/** Where uploads grow before they have a name. No bucket is called so. */
const incoming = ".incoming";

/**
 * Files of the stages, on disk: `<directory>/<bucket>/<path>`. A file appears whole and is never changed, only replaced or removed,
 * so that a hard link to it keeps what it was. Files that others put there are seen as well.
 */
export class Buckets {
  readonly directory: string;
  readonly #now: () => number;
  readonly #digests = new Map<string, Digests>();

  /** @param now milliseconds since the epoch: the time that new files get. */
  constructor(directory: string, now: () => number) {
    this.directory = directory;
    this.#now = now;
  }

  /** Removes what a server that ended in the middle of something has left behind. */
  static async clean(directory: string): Promise<void> {
    for (const scratch of [incoming, ".held", ".blocks", ".unloading"])
      await rm(join(directory, scratch), { recursive: true, force: true });
  }

  /** Files whose path begins with `prefix`, by path. */
  async list(bucket: string, prefix: string): Promise<readonly StageFile[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const entries = isPath(`${folder}x`) ? await readFolder(join(this.directory, bucket, folder)) : [];
    const paths = entries.map((path) => `${folder}${path}`).filter((path) => path.startsWith(prefix));
    const files = await Promise.all(paths.map((path) => this.find(bucket, path)));
    // A file may go between being listed and being looked at.
    return files.filter((file) => file !== null).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The file of just this path; null where there is none. */
  async find(bucket: string, path: string): Promise<StageFile | null> {
    if (!isPath(path)) return null;
    const file = join(this.directory, bucket, path);
    const stats = await orNull(stat(file));
    if (stats === null || !stats.isFile()) return null;
    return { path, file, bytes: stats.size, modifiedMs: Math.trunc(stats.mtimeMs) };
  }

  /** Puts a file there, whole or not at all, in the place of one of the same path. Throws RangeError where the path cannot be one. */
  async put(bucket: string, path: string, bytes: Readable): Promise<StageFile & Digests> {
    if (!isPath(path))
      throw new RangeError(`path in a stage: ${path.slice(0, pathBytesMax)} is none: use names between single slashes`);
    const growing = join(this.directory, incoming, randomUUID());
    const file = join(this.directory, bucket, path);
    const [md5, sha256] = [createHash("md5"), createHash("sha256")];
    await mkdir(dirname(growing), { recursive: true });
    try {
      await pipeline(
        bytes,
        async function* digested(chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            md5.update(chunk);
            sha256.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(growing, { flags: "wx" }),
      );
      const seconds = this.#now() / 1000;
      await utimes(growing, seconds, seconds);
      await mkdir(dirname(file), { recursive: true });
      await rename(growing, file);
    } catch (error) {
      await rm(growing, { force: true });
      throw error;
    }
    const digests = { md5: md5.digest("hex"), sha256: sha256.digest("base64") };
    const stats = await stat(file);
    this.#remember(digestKey(file, stats.ino, stats.mtimeMs, stats.size), digests);
    return { path, file, bytes: stats.size, modifiedMs: Math.trunc(stats.mtimeMs), ...digests };
  }

  /** Digests of the file as it is now; null where it has gone. */
  async digests({ file }: StageFile): Promise<Digests | null> {
    const stats = await orNull(stat(file));
    if (stats === null) return null;
    const key = digestKey(file, stats.ino, stats.mtimeMs, stats.size);
    const known = this.#digests.get(key);
    if (known !== undefined) return known;
    const [md5, sha256] = [createHash("md5"), createHash("sha256")];
    for await (const chunk of createReadStream(file)) {
      md5.update(chunk as Buffer);
      sha256.update(chunk as Buffer);
    }
    const digests = { md5: md5.digest("hex"), sha256: sha256.digest("base64") };
    this.#remember(key, digests);
    return digests;
  }

  /** Removes the file if it is there. */
  async remove({ file }: StageFile): Promise<void> {
    await rm(file, { force: true });
  }

  /** Removes the bucket with all its files. */
  async drop(bucket: string): Promise<void> {
    await rm(join(this.directory, bucket), { recursive: true, force: true });
  }

  /** Another name for a file's bytes, which stay as they are whatever becomes of the file. False where the file has gone. */
  async hold({ file }: StageFile, path: string): Promise<boolean> {
    return (await orNull(link(file, path).then(() => true))) ?? false;
  }

  #remember(key: string, digests: Digests): void {
    this.#digests.set(key, digests);
    if (this.#digests.size > digestsMax) {
      const oldest = this.#digests.keys().next();
      if (oldest.done === false) this.#digests.delete(oldest.value);
    }
  }
}

function digestKey(file: string, ...identity: readonly number[]): string {
  return `${identity.join(":")}:${file}`;
}

/** Names between single slashes, none of them `.` or `..`: nothing that would lie outside of its bucket. */
function isPath(path: string): boolean {
  const bytes = Buffer.byteLength(path);
  if (bytes === 0 || bytes > pathBytesMax || path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

async function readFolder(folder: string): Promise<readonly string[]> {
  const entries = await orNull(readdir(folder, { recursive: true, withFileTypes: true }));
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replace(/^\/+/, ""));
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code))) return null;
    throw error;
  }
}
