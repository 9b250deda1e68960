import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestAccount } from "./open-test-account.ts";

/** The account's secrets by `<secret>/<key>`, for a process that has no directory of them. */
export async function secretsOf({ secretsDirectory }: TestAccount): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(secretsDirectory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (path) => [path.slice(secretsDirectory.length + 1), await readFile(path, "utf8")] as const),
  );
  return Object.fromEntries(texts);
}
