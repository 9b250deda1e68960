import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { NotConnected, Terminal } from "../../component/errors.ts";
import { sequence } from "./data-file-name.ts";
import { syncDirectory, writeDurably } from "./durable-file.ts";
import { type Entry, parseEntry, printEntry } from "./entry.ts";
import { hasCode } from "./file-errors.ts";

/** Entries kept. Only the newest counts; the others show people what happened, and let a slow writer see who came after it. */
const entriesKept = 64;
/** Old entries are removed once in so many. */
const pruneEvery = 16;
/** Lost races in one call before it gives up for the engine to wait: dozens of writers a second would be needed. */
const racesMax = 200;

/** An entry before it has its place in the log. */
export type Draft = Omit<Entry, "seq" | "id" | "previous">;

/**
 * A log of JSON files `<number>.json` in a directory of one POSIX file system, shared by processes that may stop at any
 * instruction and go on much later. An entry is made complete under another name and then gets its number by link(2), which
 * exactly one of many can do: that is the commit. The newest entry says everything, so old ones are removed and the log stays
 * small; and then a writer that slept for long could find its number free again. So whoever has linked looks once more: its
 * entry counts only if it is the newest, or the next one names it as its predecessor. One that does not count is never read,
 * because a newer one is always there.
 */
export class CommitLog {
  readonly #directory: string;
  readonly #staging: string;
  #newest: Entry | null = null;

  /** Both directories exist and are of one file system; entries are prepared in `staging`. */
  constructor(directory: string, staging: string) {
    this.#directory = directory;
    this.#staging = staging;
  }

  /** The newest entry; null while there is none. Throws Terminal where it is older than what was the newest before. */
  async newest(): Promise<Entry | null> {
    for (let race = 0; race < racesMax; race++) {
      const last = (await this.#numbers()).at(-1) ?? 0;
      if (last === this.#newest?.seq) return this.#newest;
      if (last < (this.#newest?.seq ?? 0)) {
        throw new Terminal(
          "LogChanged",
          `log ${this.#directory}: its newest entries were removed while the pipeline ran: restore them, or start over with an empty directory`,
        );
      }
      if (last === 0) return null;
      const entry = await this.#read(last);
      // Null: it was removed meanwhile, as newer ones came.
      if (entry !== null) return (this.#newest = entry);
    }
    throw new NotConnected(`log ${this.#directory}: other writers keep it busy`);
  }

  /**
   * Appends what `draft` makes of the newest entry, asking it again whenever somebody else was first. Null from `draft` ends
   * it, with null. When it throws the entry may be in the log or not.
   */
  async append(owner: string, draft: (newest: Entry | null) => Promise<((seq: number) => Draft) | null>): Promise<Entry | null> {
    for (let race = 0; race < racesMax; race++) {
      const newest = await this.newest();
      const make = await draft(newest);
      if (make === null) return null;
      const seq = (newest?.seq ?? 0) + 1;
      const entry: Entry = { ...make(seq), seq, id: randomUUID(), previous: newest?.id ?? null };
      if ((await this.#link(entry, owner)) && (await this.#counts(entry))) {
        this.#newest = entry;
        if (seq % pruneEvery === 0) await this.#prune(seq - entriesKept);
        return entry;
      }
    }
    throw new NotConnected(`log ${this.#directory}: other writers keep it busy`);
  }

  /** False: the number is taken. */
  async #link(entry: Entry, owner: string): Promise<boolean> {
    const prepared = join(this.#staging, `${owner}.${entry.id}.json`);
    await writeDurably(prepared, printEntry(entry));
    try {
      await link(prepared, this.#path(entry.seq));
    } catch (error) {
      // Gone is the prepared file only where somebody claimed splits after it was made, and cleaned up: the number is taken then, too.
      if (hasCode(error, "EEXIST") || hasCode(error, "ENOENT")) return false;
      throw error;
    } finally {
      await rm(prepared, { force: true });
    }
    await syncDirectory(this.#directory);
    return true;
  }

  async #counts(entry: Entry): Promise<boolean> {
    if ((await this.#numbers()).at(-1) === entry.seq) return true;
    return (await this.#read(entry.seq + 1))?.previous === entry.id;
  }

  async #prune(last: number): Promise<void> {
    const numbers = await this.#numbers();
    await Promise.all(numbers.filter((seq) => seq <= last).map((seq) => rm(this.#path(seq), { force: true })));
  }

  async #read(seq: number): Promise<Entry | null> {
    const path = this.#path(seq);
    try {
      return parseEntry(await readFile(path, "utf8"), path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return null;
      throw error;
    }
  }

  /** Ascending. */
  async #numbers(): Promise<readonly number[]> {
    const names = await readdir(this.#directory);
    return names
      .flatMap((name) => /^(\d{12,})\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  #path(seq: number): string {
    return join(this.#directory, `${sequence(seq)}.json`);
  }
}
