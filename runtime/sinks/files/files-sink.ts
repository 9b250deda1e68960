import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { FilesSink } from "../../../crds/connectors/files.ts";
import type { Column, TargetColumn } from "../../../transform/column.ts";
import type { Rows } from "../../../transform/rows.ts";
import type { ComponentContext } from "../../component/context.ts";
import { Terminal } from "../../component/errors.ts";
import { canonical, type Move, type Position } from "../../component/position.ts";
import type { Sink, Written } from "../../component/sink.ts";
import { CommitLog } from "./commit-log.ts";
import { dataFileName, isDataFileOf, pipelineKey } from "./data-file-name.ts";
import { copyDurably, syncDirectory } from "./durable-file.ts";
import { type Entry, nothing, type PendingFile, type Standing, type State } from "./entry.ts";
import { fileColumn, typeClashes } from "./file-columns.ts";
import { hasCode, steered } from "./file-errors.ts";

/**
 * Opens a directory of Parquet files (zstd). Readers take `<directory>/*.parquet`: each file there is whole and committed.
 *
 * Exactly once by a log (`_snowline/<pipeline>/<number>.json`, see CommitLog): an entry holds a write's moves, its data file's
 * name and where all splits stand after it, and it commits both at once. Names that carry the ranges, with an atomic rename,
 * would not do alone: they cannot move several splits in one step, cannot hold a move without rows, cannot fence an earlier
 * owner that wakes up, and cannot tell a range that was loaded from one whose file a consumer has taken away.
 *
 * A data file is first staged under a name nobody reads, then committed by its entry, then renamed. What a crash leaves
 * between the last two the next write or restore of any process carries on with; what it leaves before them, `restore` removes.
 * Several pipelines may share a directory, several processes a pipeline. The directory has to be on one file system with hard links.
 */
export async function openFilesSink(spec: FilesSink, context: ComponentContext): Promise<Sink> {
  return new ParquetDirectory(context.path(spec.directory), context);
}

class ParquetDirectory implements Sink {
  readonly #directory: string;
  readonly #context: ComponentContext;
  readonly #owner = randomUUID();
  readonly #key: string;
  readonly #log: string;
  readonly #staging: string;
  #opened: CommitLog | null = null;
  /** Files of ours that are staged and, as far as we know, in no entry. */
  readonly #strays = new Set<string>();
  /** The entry whose pending files we know to be visible. */
  #settled: string | null = null;

  constructor(directory: string, context: ComponentContext) {
    this.#directory = resolve(directory);
    this.#context = context;
    this.#key = pipelineKey(context.pipeline);
    this.#log = join(this.#directory, "_snowline", this.#key);
    this.#staging = join(this.#log, "staging");
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    return this.#steering(async (log) => {
      const written = columns.map(fileColumn);
      const clashes = typeClashes((await log.newest())?.columns ?? [], written);
      if (clashes.length > 0) throw new Terminal("ColumnTypeChanged", `directory ${this.#directory}: ${clashes.join("; ")}`);
      return written.map((column) => ({ ...column, nullable: true }));
    });
  }

  async restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    if (splits.length === 0) return new Map();
    return this.#steering(async (log) => {
      // Listed before the claim: what is staged later may belong to somebody who becomes an owner after it.
      const staged = await readdir(this.#staging);
      const entry = await log.append(this.#owner, async (newest) => {
        await this.#settle(newest);
        const state = newest ?? nothing;
        const taken = splits.map((split): [string, Standing] => [
          split,
          { owner: this.#owner, position: state.splits.get(split)?.position ?? null },
        ]);
        const after: State = { ...state, pending: [], splits: new Map([...state.splits, ...taken]) };
        return () => ({ ...after, ...this.#signature(), event: { claimed: splits } });
      });
      assert(entry !== null);
      await this.#clean(staged, entry);
      const standing = splits.map((split) => [split, entry.splits.get(split)?.position ?? null] as const);
      return new Map(standing.filter((pair): pair is [string, Position] => pair[1] !== null));
    });
  }

  async write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    assert(new Set(moves.map(({ split }) => split)).size === moves.length, "a split moves once in a batch");
    return this.#steering(async (log) => {
      try {
        return await this.#commit(log, rows, moves);
      } catch (error) {
        // Whoever took our splits over while this process slept has removed what it had staged: a conflict, not a loss.
        if (!hasCode(error, "ENOENT")) throw error;
        const refused = this.#judge((await log.newest()) ?? nothing, moves);
        if (refused === null) throw error;
        return refused;
      }
    });
  }

  async #commit(log: CommitLog, rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    let refused: Written | null = null;
    let staged: string | null = null;
    const entry = await log.append(this.#owner, async (newest) => {
      await this.#settle(newest);
      const state = newest ?? nothing;
      refused = this.#judge(state, moves);
      if (refused !== null) return null;
      if (rows !== null) staged ??= await this.#stage(rows);
      const file = staged;
      return (seq) => {
        const pending = file === null ? [] : [{ staged: file, name: dataFileName(this.#key, seq, moves) }];
        const moved = moves.map(({ split, to }): [string, Standing] => [split, { owner: this.#owner, position: to }]);
        const after: State = {
          pending,
          splits: new Map([...state.splits, ...moved]),
          columns: rows === null ? state.columns : joined(state.columns, rows.columns),
        };
        return { ...after, ...this.#signature(), event: { moves, rows: rows?.count ?? 0 } };
      };
    });
    await this.#settle(entry);
    await this.#dropStrays();
    return refused ?? { kind: "written" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open between calls. What a failed write left staged is removed by whoever takes the splits over.
  }

  /** null: every split is ours and stands at `from`. */
  #judge({ splits }: State, moves: readonly Move[]): Written | null {
    const at = (split: string): string | null => {
      const standing = splits.get(split);
      return standing?.owner !== this.#owner ? "not ours" : standing.position === null ? null : canonical(standing.position);
    };
    const conflicts = moves.filter(({ split, from }) => at(split) !== (from === null ? null : canonical(from)));
    if (conflicts.length === 0) return null;
    const arrived = moves.every(({ split, to }) => at(split) === canonical(to));
    return arrived ? { kind: "written" } : { kind: "conflict", splits: conflicts.map(({ split }) => split) };
  }

  /** Copies the rows to the staging directory, after what earlier writes that failed have left there. */
  async #stage(rows: Rows): Promise<string> {
    await this.#dropStrays();
    const name = `${this.#owner}.${randomUUID()}.staged`;
    this.#strays.add(name);
    await copyDurably(rows.path, join(this.#staging, name));
    await syncDirectory(this.#staging);
    return name;
  }

  /** Gives the entry's files their visible names, whoever wrote it. Done twice it changes nothing. */
  async #settle(entry: Entry | null): Promise<void> {
    if (entry === null || entry.id === this.#settled) return;
    for (const file of entry.pending) await this.#publish(file);
    if (entry.pending.length > 0) await syncDirectory(this.#directory);
    this.#settled = entry.id;
  }

  async #publish({ staged, name }: PendingFile): Promise<void> {
    this.#strays.delete(staged);
    try {
      await rename(join(this.#staging, staged), join(this.#directory, name));
    } catch (error) {
      // Somebody else was first; and a consumer may already have taken the file away.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }

  async #dropStrays(): Promise<void> {
    for (const name of this.#strays) await rm(join(this.#staging, name), { force: true });
    this.#strays.clear();
  }

  /**
   * Removes what earlier owners left staged. An owner without any split can no longer commit what it staged before `entry`: its
   * moves need a split that is its own, and to get one it has to end its write first. So its files go, be it dead or asleep.
   */
  async #clean(staged: readonly string[], entry: Entry): Promise<void> {
    const owners = new Set([...entry.splits.values()].map(({ owner }) => owner));
    for (const name of staged) {
      const owner = /^([0-9a-f-]{36})\./.exec(name)?.[1];
      if (owner !== undefined && !owners.has(owner)) await rm(join(this.#staging, name), { force: true });
    }
  }

  #signature(): { readonly owner: string; readonly at: string } {
    return { owner: this.#owner, at: new Date(this.#context.now()).toISOString() };
  }

  async #steering<T>(work: (log: CommitLog) => Promise<T>): Promise<T> {
    try {
      return await work((this.#opened ??= await this.#open()));
    } catch (error) {
      throw steered(error, this.#directory);
    }
  }

  async #open(): Promise<CommitLog> {
    const created = await mkdir(this.#staging, { recursive: true });
    const top = dirname(created === undefined ? join(this.#directory, "_snowline") : resolve(created));
    for (let path = this.#log; path.startsWith(top); path = dirname(path)) {
      await syncDirectory(path);
      if (path === top) break;
    }
    const log = new CommitLog(this.#log, this.#staging);
    if ((await log.newest()) !== null) return log;
    const orphan = (await readdir(this.#directory)).find((name) => isDataFileOf(this.#key, name));
    // Read again: another process may have begun between the two looks.
    if (orphan === undefined || (await log.newest()) !== null) return log;
    throw new Terminal(
      "LogMissing",
      `directory ${this.#directory}: it has files of this pipeline (${orphan}) but ${this.#log} is empty, and loading anew would make duplicates: restore it, or move the files away`,
    );
  }
}

function joined(known: readonly Column[], columns: readonly Column[]): readonly Column[] {
  const names = new Set(known.map(({ name }) => name));
  const added = columns.filter(({ name }) => !names.has(name));
  return added.length === 0 ? known : [...known, ...added];
}
