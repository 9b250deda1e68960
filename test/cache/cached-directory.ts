import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { lock } from "./lock.ts";

/** Directory outside the tree where what was downloaded or built stays. */
export function cacheDirectory(name: string): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "snowline", name);
}

/**
 * The directory `name` of the cache. Where it is not there yet, `fill` makes its content in the directory that it is told, once,
 * also when several processes ask at the same time; who asks sees all of it or nothing.
 */
export async function cachedDirectory(name: string, fill: (partial: string) => Promise<void>): Promise<string> {
  const directory = cacheDirectory(name);
  if (await exists(directory)) return directory;
  await mkdir(join(directory, ".."), { recursive: true });
  await using _lock = await lock(`${directory}.lock`);
  if (await exists(directory)) return directory;
  const partial = `${directory}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  await fill(partial);
  await rename(partial, directory);
  return directory;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
