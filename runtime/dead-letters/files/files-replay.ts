import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FilesDeadLetter } from "../../../crds/connectors/files.ts";
import type { Batch } from "../../component/batch.ts";
import type { ComponentContext } from "../../component/context.ts";
import { type Letter, replayed } from "../../component/dead-letters.ts";
import { Terminal } from "../../component/errors.ts";
import type { Position, Split } from "../../component/position.ts";
import { type Format, formatOf, type RecordView } from "../../component/record.ts";
import type { Read, Source, SplitProgress } from "../../component/source.ts";
import { SeenLetters } from "../../component/seen-letters.ts";
import { passTombstone, type Tombstones } from "../../component/tombstones.ts";
import { letterFileEnding } from "./letter-line.ts";
import { readLetters } from "./read-letters.ts";

/** What `openFilesReplay` makes of a file's name. No source's split begins so. */
const splitPrefix = "replay:";

interface OpenFile {
  readonly split: string;
  readonly path: string;
  /** As the warehouse holds it. */
  stored: Position | null;
  /** Letters read. */
  row: number;
  done: boolean;
  timestampMs: number | null;
  letters: AsyncGenerator<Letter, void, void> | null;
}

/** What the dead letter's spec does not say. */
export interface FilesReplayOptions {
  /** What becomes of letters of tombstones: as the source has it. Default: they are refused again. */
  readonly tombstones?: Tombstones;
}

/**
 * The pipeline's dead letters as the records they were, with their own topic, partition, offset and timestamp. Each file that
 * is there now is a split; the source ends with the last. A letter about a record that an earlier one was about is passed over,
 * earlier in the files or in what former replays read, so a repeated letter makes no second row.
 * Throws Terminal where the directory is not there.
 */
export async function openFilesReplay(
  spec: FilesDeadLetter,
  format: Format,
  context: ComponentContext,
  options: FilesReplayOptions = {},
): Promise<Source> {
  const directory = context.path(spec.directory);
  const names = await readdir(directory).catch((error: unknown) => {
    throw new Terminal("LettersMissing", `dead letters: ${directory} cannot be read: there is nothing to replay`, {
      cause: error,
    });
  });
  const files = names.filter((name) => name.endsWith(letterFileEnding)).toSorted();
  const paths = new Map(files.map((name) => [splitPrefix + name, join(directory, name)]));
  const pipeline = `${context.pipeline.namespace}/${context.pipeline.name}`;
  return new FilesReplay(paths, { format, pipeline, tombstones: options.tombstones ?? "reject" });
}

class FilesReplay implements Source {
  readonly #paths: ReadonlyMap<string, string>;
  readonly #format: Format;
  readonly #pipeline: string;
  readonly #tombstones: Tombstones;
  readonly #open = new Map<string, OpenFile>();
  /** What is behind the positions of the open files; null when it is to be found out anew. */
  #seen: SeenLetters | null = null;
  /** A record that is read and not yet in a batch: it did not fit, or its format failed to fetch a schema. */
  #held: { readonly open: OpenFile; readonly letter: Letter } | null = null;

  constructor(
    paths: ReadonlyMap<string, string>,
    { format, pipeline, tombstones }: { format: Format; pipeline: string; tombstones: Tombstones },
  ) {
    this.#paths = paths;
    this.#format = format;
    this.#pipeline = pipeline;
    this.#tombstones = tombstones;
  }

  async splits(): Promise<readonly Split[]> {
    return [...this.#paths.keys()].map((id) => ({ id, topic: id, partition: 0 }));
  }

  async open({ id }: Split, position: Position | null): Promise<void> {
    const path = this.#paths.get(id);
    if (path === undefined) throw new Error(`${id}: is none of the files that splits() told`);
    await this.#close(id);
    const row = position?.["row"] ?? 0;
    const done = position?.["done"] ?? false;
    if (typeof row !== "number" || typeof done !== "boolean")
      throw new Terminal("PositionUnfit", `${id}: the stored position is none of a replay`);
    this.#open.set(id, { split: id, path, stored: position, row, done, timestampMs: null, letters: null });
    this.#seen = null;
  }

  release(split: string): void {
    void this.#close(split);
    this.#open.delete(split);
    this.#seen = null;
  }

  async read(into: Batch, signal: AbortSignal): Promise<Read> {
    let moved = false;
    while (!into.full && !signal.aborted) {
      this.#seen ??= await this.#passed();
      const next = this.#next();
      if (next === null) return { kind: moved ? "read" : "ended" };
      await this.#step(next, into);
      moved = true;
    }
    return { kind: moved || !signal.aborted ? "read" : "interrupted" };
  }

  progress(): readonly SplitProgress[] {
    return [...this.#open.values()].map(({ split, row, done, timestampMs }) => ({
      split,
      at: row,
      end: done ? row : null,
      timestampMs,
    }));
  }

  loaded(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    for (const split of this.#open.keys()) await this.#close(split);
    this.#open.clear();
  }

  #next(): OpenFile | null {
    for (const id of this.#paths.keys()) {
      const open = this.#open.get(id);
      if (open !== undefined && !open.done) return open;
    }
    return null;
  }

  /** One letter further, or to the file's end. */
  async #step(open: OpenFile, into: Batch): Promise<void> {
    const letter = await this.#letter(open);
    if (letter !== null && letter.pipeline === this.#pipeline) {
      if (this.#held === null && !this.#seen!.add(letter)) into.skip();
      else await this.#append(open, letter, into);
    }
    this.#held = null;
    if (letter === null) open.done = true;
    else open.row++;
    const to = { row: open.row, done: open.done };
    into.advance(open.split, open.stored, to);
    open.stored = to;
    if (open.done) await this.#close(open.split);
  }

  async #letter(open: OpenFile): Promise<Letter | null> {
    if (this.#held?.open === open) return this.#held.letter;
    open.letters ??= await skipped(readLetters(open.path), open.row);
    const { done, value } = await open.letters.next();
    return done === true ? null : value;
  }

  async #append(open: OpenFile, letter: Letter, into: Batch): Promise<void> {
    open.timestampMs = letter.timestampMs;
    const view = viewOf(letter);
    const format = formatOf(letter, this.#format);
    if (typeof format === "string") return into.reject(view, format);
    if (passTombstone(view, into, this.#tombstones)) return;
    if (into.append(view, format)) return;
    this.#held = { open, letter };
    await format.prepare?.(view);
    if (!into.append(view, format)) throw new Error(`${open.split}: the format asks again for a schema it has fetched`);
  }

  /** Letters that former reads are done with: their records are in the table, or became letters again. */
  async #passed(): Promise<SeenLetters> {
    const seen = new SeenLetters("in the directory. Move the files that were replayed away, then replay the rest");
    for (const { path, row, done } of this.#open.values()) {
      if (row === 0) continue;
      let passed = 0;
      for await (const letter of readLetters(path)) {
        if (letter.pipeline === this.#pipeline) seen.add(letter);
        if (++passed === row && !done) break;
      }
    }
    return seen;
  }

  async #close(split: string): Promise<void> {
    const open = this.#open.get(split);
    if (this.#held?.open === open) this.#held = null;
    await open?.letters?.return();
    if (open !== undefined) open.letters = null;
  }
}

async function skipped(letters: AsyncGenerator<Letter, void, void>, count: number): Promise<AsyncGenerator<Letter, void, void>> {
  for (let passed = 0; passed < count; passed++) await letters.next();
  return letters;
}

function viewOf(letter: Letter): RecordView {
  const record = replayed(letter);
  const key = record.key ?? Buffer.alloc(0);
  const bytes = record.value === null ? key : Buffer.concat([key, record.value]);
  return {
    chunk: { byteLength: bytes.length, original: () => record },
    start: 0,
    bytes,
    keyStart: record.key === null ? -1 : 0,
    keyEnd: record.key === null ? -1 : key.length,
    valueStart: record.value === null ? -1 : key.length,
    valueEnd: record.value === null ? -1 : bytes.length,
    offset: letter.offset,
    timestampMs: letter.timestampMs,
    partition: letter.partition,
    topic: letter.topic,
  };
}
