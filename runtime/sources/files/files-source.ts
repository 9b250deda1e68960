import { setTimeout as sleep } from "node:timers/promises";
import type { FilesSource as FilesSpec } from "../../../crds/connectors/files.ts";
import type { Batch } from "../../component/batch.ts";
import type { ComponentContext } from "../../component/context.ts";
import { Terminal } from "../../component/errors.ts";
import type { Position, Split } from "../../component/position.ts";
import type { Format } from "../../component/record.ts";
import type { Read, Source, SplitProgress } from "../../component/source.ts";
import type { FileReader } from "./file-reader.ts";
import { type FilePosition, filePosition, fileVersion, isGone, sameVersion } from "./file-version.ts";
import { findFiles, type FoundFile } from "./find-files.ts";
import { ParquetReader } from "./parquet-reader.ts";
import { textLayout } from "./text-layout.ts";
import { TextReader } from "./text-reader.ts";

/** Files with a notice that are named one by one. */
const noticesMax = 20;

interface OpenFile {
  readonly file: FoundFile;
  /** As the warehouse holds it. */
  stored: Position | null;
  /** null before its first read: then its version is that of the moment it is read. */
  position: FilePosition | null;
  timestampMs: number | null;
  reader: FileReader | null;
}

/**
 * Files on a disk, one after the other in the order of their names. A split's id is the file's path as the manifest says it,
 * so positions hold when the manifest's folder moves. A file counts as changed when its size or its modification time is not
 * what it was: one that was loaded to its end is then named in `notices` and not read again; one that was loaded in part
 * stops the pipeline, because nobody can tell which of its rows are in the table. So does a file that is gone before it was
 * loaded to its end; with `pollSeconds`, where files come and go, one that is gone before its first row is only named. Passes test/contract/source.ts.
 */
export async function openFilesSource(spec: FilesSpec, format: Format, context: ComponentContext): Promise<Source> {
  return new FilesSource(spec, format, context);
}

class FilesSource implements Source {
  readonly #spec: FilesSpec;
  readonly #format: Format;
  readonly #context: ComponentContext;
  /** What the last look found, by name. */
  #files: ReadonlyMap<string, FoundFile> = new Map();
  #lookedAtMs = 0;
  readonly #open = new Map<string, OpenFile>();
  /** Names of files that changed after they were loaded. */
  readonly #changed = new Set<string>();
  /** Names of files that went before they were read. */
  readonly #gone = new Set<string>();

  constructor(spec: FilesSpec, format: Format, context: ComponentContext) {
    this.#spec = spec;
    this.#format = format;
    this.#context = context;
  }

  async splits(): Promise<readonly Split[]> {
    this.#files = await this.#look();
    return [...this.#files.keys()].map((name) => ({ id: name, topic: name, partition: 0 }));
  }

  async open({ id }: Split, position: Position | null): Promise<void> {
    await this.#close(id);
    const file = this.#files.get(id);
    if (file === undefined) throw new Error(`${id}: is none of the files that splits() told`);
    this.#gone.delete(id);
    const known = position === null ? null : filePosition(position, id);
    this.#open.set(id, { file, stored: position, position: known, timestampMs: null, reader: null });
    if (known !== null) await this.#checkVersion(file, known);
  }

  release(split: string): void {
    this.#close(split).catch((error: unknown) => this.#context.log.debug({ split, error }, "a file did not close"));
    this.#open.delete(split);
  }

  async read(into: Batch, signal: AbortSignal): Promise<Read> {
    let moved = false;
    while (!into.full && !signal.aborted) {
      if (this.#lookIsDue() && (await this.#filesAreOthers())) return { kind: "assignment" };
      const next = this.#nextFile();
      if (next !== null) {
        moved = (await this.#readFrom(next, into, signal)) || moved;
        continue;
      }
      if (moved) break;
      if (this.#spec.pollSeconds === undefined) return { kind: "ended" };
      const waitMs = Math.max(this.#lookedAtMs + this.#spec.pollSeconds * 1000 - this.#context.now(), 0);
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
    return { kind: moved || !signal.aborted ? "read" : "interrupted" };
  }

  progress(): readonly SplitProgress[] {
    return [...this.#open].map(([split, { position, timestampMs }]) => ({
      split,
      at: position?.row ?? 0,
      end: position?.done === true ? position.row : null,
      timestampMs,
    }));
  }

  loaded(): void {}

  notices(): readonly string[] {
    return [
      ...noticesOf(
        this.#changed,
        "changed after it was loaded (its size or time is another) and is not read again; to load it, give it another name",
        "files changed after they were loaded",
      ),
      ...noticesOf(this.#gone, "was gone before it was read: nothing of it is loaded", "files were gone before they were read"),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#open.keys()) await this.#close(id);
    this.#open.clear();
  }

  async #look(): Promise<ReadonlyMap<string, FoundFile>> {
    this.#lookedAtMs = this.#context.now();
    const options = { folder: this.#context.path("."), mayComeLater: this.#spec.pollSeconds !== undefined };
    const found = await findFiles(this.#spec.paths, options);
    return new Map(found.map((file) => [file.name, file]));
  }

  #lookIsDue(): boolean {
    const { pollSeconds } = this.#spec;
    return pollSeconds !== undefined && this.#context.now() >= this.#lookedAtMs + pollSeconds * 1000;
  }

  /** Also finds loaded files that changed. */
  async #filesAreOthers(): Promise<boolean> {
    const found = await this.#look();
    for (const { file, position } of this.#open.values()) {
      if (position?.done === true && found.has(file.name)) await this.#checkVersion(file, position);
    }
    return found.size !== this.#files.size || [...found.keys()].some((name) => !this.#files.has(name));
  }

  #nextFile(): OpenFile | null {
    let next: OpenFile | null = null;
    for (const open of this.#open.values()) {
      if (open.position?.done === true || (next !== null && next.file.name < open.file.name)) continue;
      next = open;
    }
    return next;
  }

  /** True when the file moved. */
  async #readFrom(open: OpenFile, into: Batch, signal: AbortSignal): Promise<boolean> {
    const before = open.stored;
    let reader: FileReader;
    try {
      reader = open.reader ??= await this.#reader(open);
    } catch (error) {
      if (!this.#mayBeGone(open, error)) throw error;
      this.#forget(open.file.name);
      return false;
    }
    try {
      await reader.fill(into, signal);
    } catch (error) {
      // Should the engine try again, the file is opened anew behind what is in the batch.
      open.reader = null;
      await reader.close();
      throw error;
    } finally {
      open.position = reader.position;
      open.stored = reader.stored;
      if (open.stored !== before) open.timestampMs = reader.timestampMs;
    }
    if (reader.position.done) await this.#close(open.file.name);
    return open.stored !== before;
  }

  #mayBeGone({ stored, position }: OpenFile, error: unknown): boolean {
    return this.#spec.pollSeconds !== undefined && stored === null && position === null && isGone(error);
  }

  /** Leaves out a file that is gone. Should one of its name come, the next look finds it new. */
  #forget(name: string): void {
    this.#open.delete(name);
    this.#files = new Map([...this.#files].filter(([other]) => other !== name));
    this.#gone.add(name);
    this.#context.log.warn({ file: name }, "a file was gone before it was read");
  }

  async #reader(open: OpenFile): Promise<FileReader> {
    const { file, stored } = open;
    const from = open.position ?? { row: 0, at: 0, ...(await fileVersion(file.path, file.name)), done: false };
    const options = { file, format: this.#format, stored, from };
    const layout = textLayout(this.#spec.format);
    if (layout !== null) return new TextReader(options, layout);
    const columns = Object.keys(this.#spec.format.parquet?.columns ?? {});
    return new ParquetReader(options, { columns, scratchDirectory: this.#context.scratchDirectory });
  }

  async #close(id: string): Promise<void> {
    const open = this.#open.get(id);
    const reader = open?.reader;
    if (open === undefined || reader === null || reader === undefined) return;
    open.reader = null;
    await reader.close();
  }

  async #checkVersion(file: FoundFile, position: FilePosition): Promise<void> {
    const now = await fileVersion(file.path, file.name).catch((error: unknown) => {
      // Who moves loaded files away may do so at any moment.
      if (position.done) return position;
      throw error;
    });
    if (sameVersion(now, position)) return;
    if (!position.done) {
      throw new Terminal(
        "FileChanged",
        `${file.name}: changed after ${position.row} of its rows were loaded; put the former file back, or remove these rows and load it under another name`,
      );
    }
    if (this.#changed.has(file.name)) return;
    this.#changed.add(file.name);
    this.#context.log.warn({ file: file.name }, "a file changed after it was loaded and is not read again");
  }
}

function noticesOf(names: ReadonlySet<string>, each: string, others: string): string[] {
  const notices = [...names].slice(0, noticesMax).map((name) => `${name}: ${each}`);
  const more = names.size - notices.length;
  return more === 0 ? notices : [...notices, `${more} more ${others}`];
}
