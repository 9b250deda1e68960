import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { FilesDeadLetter } from "../../../crds/connectors/files.ts";
import type { ComponentContext } from "../../component/context.ts";
import { type DeadLetters, type Letter, letterDigest } from "../../component/dead-letters.ts";
import { NotConnected, Terminal } from "../../component/errors.ts";
import { letterFileEnding, letterLine } from "./letter-line.ts";

/** Files in writing. No reader looks at them, and what a crash left of them goes at the next start. */
const partialEnding = ".partial";
/** Of a topic's name in a file's name, which may have 255 bytes. */
const topicCharactersMax = 100;

/**
 * Dead letters as JSON lines in a directory, one file per write: complete under its name, or not there. The name is made of
 * the records the file is about, so a write that is repeated after a crash replaces its file.
 * Throws Terminal where the directory cannot be made or written.
 */
export async function openFilesDeadLetters(spec: FilesDeadLetter, context: ComponentContext): Promise<DeadLetters> {
  const directory = context.path(spec.directory);
  try {
    await makeDirectory(directory);
    for (const name of await readdir(directory)) {
      if (name.endsWith(letterFileEnding + partialEnding)) await unlink(join(directory, name));
    }
  } catch (error) {
    throw steering(error, directory);
  }
  return {
    async write(letters) {
      if (letters.length === 0) return;
      try {
        await writeWhole(directory, fileNameOf(letters), letters);
      } catch (error) {
        throw steering(error, directory);
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Durable and visible as a whole: the file's bytes first, then its name. */
async function writeWhole(directory: string, name: string, letters: readonly Letter[]): Promise<void> {
  await makeDirectory(directory);
  // Two owners may write the same letters at the same time; each renames a file of its own.
  const partial = join(directory, randomUUID() + letterFileEnding + partialEnding);
  try {
    const file = await open(partial, "wx");
    try {
      // Unlike `write`, this goes on until every byte is in the file.
      for (const letter of letters) await file.appendFile(letterLine(letter));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, join(directory, name));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(directory);
}

/** Makes the directory and those above it that are missing; their names are durable then. */
async function makeDirectory(directory: string): Promise<void> {
  const top = await mkdir(directory, { recursive: true });
  if (top === undefined) return;
  const last = dirname(resolve(top));
  for (let path = dirname(resolve(directory)); path.length >= last.length; path = dirname(path)) {
    await syncDirectory(path);
    if (path === last) return;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** For people: pipeline, first record, number of letters. For machines: a digest of which records, refused for the how manieth time. */
function fileNameOf(letters: readonly Letter[]): string {
  const { pipeline, topic, partition, offset } = letters[0]!;
  const digest = createHash("sha256");
  for (const letter of letters) digest.update(letterDigest(letter));
  const place = [pipeline, topic.slice(-topicCharactersMax)].map((part) => part.replaceAll(/[^A-Za-z0-9._-]/g, "-")).join(".");
  const first = `${partition}-${String(offset).padStart(16, "0")}`;
  return `${place}.${first}.${letters.length}.${digest.digest("hex").slice(0, 12)}${letterFileEnding}`;
}

/** Errors that pass when someone makes room or the volume comes back; `ENOENT`: another process's start cleaned up. */
const passingCodes = new Set(["ENOSPC", "EDQUOT", "EIO", "ESTALE", "ETIMEDOUT", "EMFILE", "ENFILE", "ENOENT"]);

function steering(error: unknown, directory: string): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (passingCodes.has(code))
    return new NotConnected(`dead letters: ${directory} cannot be written now (${code})`, { cause: error });
  return new Terminal(
    "DeadLettersUnwritable",
    `dead letters: ${directory} cannot be written (${code}); check the directory and its permissions`,
    {
      cause: error,
    },
  );
}
