import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A small value that outlives the process where there is a data directory. */
export interface SavedState<T> {
  /** What was saved last; null where nothing was. */
  load(): T | null;
  /** Replaces it at once or not at all. */
  save(value: T): void;
}

/** Keeps a value as JSON in a file; in memory only (`save` does nothing) where `path` is null. */
export function savedState<T>(path: string | null): SavedState<T> {
  if (path === null) return { load: () => null, save: () => undefined };
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
      return JSON.parse(text) as T;
    },
    save(value) {
      mkdirSync(dirname(path), { recursive: true });
      // Passwords' and tokens' hashes are in there.
      writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
