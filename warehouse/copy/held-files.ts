import { randomUUID } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SessionTransaction } from "../engine/transaction.ts";
import type { Buckets } from "../stages/buckets.ts";
import type { Compression } from "../stages/file-format.ts";
import type { StageFile } from "../stages/stage.ts";

/** A file of a stage that a statement reads: it stays as it is while it is held. */
export interface HeldFile {
  /** Path in the bucket. */
  readonly path: string;
  /** Where DuckDB reads it. Neither a quote nor a wildcard is in it. */
  readonly file: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** MD5 of its bytes. */
  readonly etag: string;
  readonly packed: "none" | "gzip" | "zstd";
}

/** Files that are held for a statement: hard links, so that neither REMOVE nor another PUT changes what the statement's work reads when it is run again. */
export class HeldFiles {
  readonly #buckets: Buckets;
  readonly #folder: string;
  #count = 0;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#folder = join(buckets.directory, ".held", randomUUID());
  }

  /** Null where the file has gone. */
  async hold(file: StageFile, compression: Compression): Promise<HeldFile | null> {
    await mkdir(this.#folder, { recursive: true });
    const held = join(this.#folder, `${this.#count++}.held`);
    if (!(await this.#buckets.hold(file, held))) return null;
    const digests = await this.#buckets.digests({ ...file, file: held });
    if (digests === null) return null;
    const { path, bytes, modifiedMs } = file;
    return { path, file: held, bytes, modifiedMs, etag: digests.md5, packed: await packing(held, compression) };
  }

  /**
   * Lets them go when no work can read them any more: at once, or when the transaction that is open now has ended, as the engine
   * may run its works again until then.
   */
  async release(transaction: SessionTransaction): Promise<void> {
    const { id } = transaction;
    if (id === null) return rm(this.#folder, { recursive: true, force: true });
    const seen = setInterval(() => {
      if (transaction.id === id) return;
      clearInterval(seen);
      void rm(this.#folder, { recursive: true, force: true });
    }, checkMs);
    seen.unref();
  }
}

/** How often it is looked whether a transaction has ended: files stay on disk that much longer. */
const checkMs = 500;

const gzipMagic = Buffer.from([0x1f, 0x8b]);
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** AUTO looks at the first bytes, whatever the file's name is. */
async function packing(file: string, compression: Compression): Promise<HeldFile["packed"]> {
  if (compression === "GZIP") return "gzip";
  if (compression === "ZSTD") return "zstd";
  if (compression !== "AUTO") return "none";
  const opened = await open(file);
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(4), 0, 4, 0);
    const begin = buffer.subarray(0, bytesRead);
    if (begin.subarray(0, 2).equals(gzipMagic)) return "gzip";
    return begin.equals(zstdMagic) ? "zstd" : "none";
  } finally {
    await opened.close();
  }
}
