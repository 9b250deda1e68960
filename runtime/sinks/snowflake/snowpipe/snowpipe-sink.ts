import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Column, TargetColumn } from "../../../../transform/column.ts";
import type { Rows } from "../../../../transform/rows.ts";
import { Terminal } from "../../../component/errors.ts";
import type { Move, Position } from "../../../component/position.ts";
import type { Sink, Written } from "../../../component/sink.ts";
import { OpenSession } from "../open-session.ts";
import { advance, claim, type Claimant, createPositions, judge, stored } from "../positions.ts";
import { define, prepareTable } from "../prepare-table.ts";
import { createStageText } from "../sink-names.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { type Pending, type PendingFile, pendingFiles, pendingText } from "./pending.ts";
import { folderOf, type PipeSource, pipeSource, stageFolder } from "./pipe-place.ts";
import { planPipe } from "./plan-pipe.ts";
import { settle, type SettleOptions } from "./settle.ts";

/** Loads by Snowpipe: a file is staged, one step moves the positions and says that the file is to be loaded, and a pipe loads it. */
export function openSnowpipeSink(setup: SinkSetup): Sink {
  return new SnowpipeTable(setup);
}

/**
 * The step that moves the positions is the commit point: it is the file's only mention, so that a file without it is never
 * loaded, and with it is given to the pipe until its load is proven, by this owner or by the next. A pipe loads a name once.
 */
class SnowpipeTable implements Sink {
  readonly #setup: SinkSetup;
  readonly #session: OpenSession;
  readonly #claimant: Claimant;
  readonly #source: PipeSource;
  #pipe: string | null = null;
  /** True after a call that failed: what it did is not known. */
  #doubtful = false;

  constructor(setup: SinkSetup) {
    this.#setup = setup;
    this.#session = new OpenSession(setup);
    this.#claimant = { positions: setup.names.positions, owner: setup.owner };
    this.#source = pipeSource(setup);
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    const session = await this.#session.get();
    const { names } = this.#setup;
    const { target, stored } = await prepareTable(session, this.#setup, columns);
    await define(session, createStageText(names.stage));
    const { pipe, create } = planPipe(this.#setup, stored);
    if (create !== null) await define(session, create);
    this.#pipe = pipe;
    return target;
  }

  async restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    if (splits.length === 0) return new Map();
    const session = await this.#session.get();
    await createPositions(session, this.#claimant.positions);
    await claim(session, this.#claimant, splits);
    const found = await stored(session, this.#claimant, splits);
    await this.#settleAll(pendingFiles([...found].map(([split, { position, state }]) => ({ split, position, state }))));
    return new Map([...found].flatMap(([split, { position }]) => (position === null ? [] : [[split, position] as const])));
  }

  async write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    const doubtful = this.#doubtful;
    this.#doubtful = true;
    const written = (doubtful ? await this.#found(moves) : null) ?? (await this.#write(rows, moves));
    this.#doubtful = false;
    return written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async #write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    const pending = rows === null ? null : await this.#stage(rows);
    const intended = await this.#intend(pending, moves);
    if (intended !== null) {
      if (pending !== null) await this.#removeStaged(pending);
      return intended;
    }
    if (pending !== null)
      await this.#settleAll([{ ...pending, splits: moves.map(({ split, from, to }) => ({ split, from, to })) }]);
    return { kind: "written" };
  }

  /** What became of an earlier call with these moves; null: nothing has moved. */
  async #found(moves: readonly Move[]): Promise<Written | null> {
    const session = await this.#session.get();
    const { conflicts, arrived } = await judge(session, this.#claimant, moves);
    if (!arrived) return conflicts.length === 0 ? null : { kind: "conflict", splits: conflicts };
    const found = await stored(
      session,
      this.#claimant,
      moves.map(({ split }) => split),
    );
    await this.#settleAll(pendingFiles([...found].map(([split, { position, state }]) => ({ split, position, state }))));
    return { kind: "written" };
  }

  async #stage(rows: Rows): Promise<Pending> {
    assert(this.#pipe !== null, "prepare comes before rows");
    const folder = `${stageFolder}${randomUUID()}/`;
    const session = await this.#session.get();
    await session.put(rows.path, `@${this.#setup.names.stage.sql}/${folder}`);
    const { table } = this.#setup.names;
    return {
      file: `${folder}${basename(rows.path)}`,
      pipe: this.#pipe,
      table: table.sql,
      into: this.#source.into,
      rows: rows.count,
      bytes: rows.bytes,
      atMs: this.#setup.context.now(),
    };
  }

  /** All moves in one step, with the file beside them. null: done; else why nothing was done. */
  async #intend(pending: Pending | null, moves: readonly Move[]): Promise<Written | null> {
    const session = await this.#session.get();
    const noted = moves.map((move) => ({ ...move, state: pending === null ? null : pendingText(pending, move.from) }));
    await session.execute("BEGIN");
    const moved = await advance(session, this.#claimant, noted);
    if (moved === moves.length) {
      await session.execute("COMMIT");
      return null;
    }
    await session.execute("ROLLBACK");
    return this.#found(moves);
  }

  /** Ends with every file loaded. Several are given to their pipes at the same time. Throws the gravest of what went wrong. */
  async #settleAll(files: readonly PendingFile[]): Promise<void> {
    const outcomes = await Promise.allSettled(files.map((file) => this.#settle(file)));
    const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    if (errors.length > 0) throw errors.find((error) => error instanceof Terminal) ?? errors[0];
  }

  async #settle(file: PendingFile): Promise<void> {
    const { context, names, account } = this.#setup;
    const options: SettleOptions = {
      account,
      stage: names.stage.sql,
      session: () => this.#session.get(),
      now: () => context.now(),
    };
    const settled = await settle(file, options);
    const session = await this.#session.get();
    if (settled.kind === "loaded") {
      const cleared = file.splits.map(({ split, to }) => ({ split, from: to, to, state: null }));
      await advance(session, this.#claimant, cleared);
      await this.#removeStaged(file);
      return;
    }
    // Gone from the stage, it cannot be loaded by hand after its splits have gone back and their records were read again.
    await session.execute(`REMOVE @${names.stage.sql}/${folderOf(file.file)}`);
    const back = file.splits.map(({ split, from, to }) => ({ split, from: to, to: from, state: null }));
    await advance(session, this.#claimant, back);
    throw new Terminal(
      "FileRejected",
      `pipe ${file.pipe}: it could not load a file of ${file.rows} rows: ${settled.error}: the rows are read again at the next start, so change the SQL, the table or the pipe first`,
    );
  }

  /** A file that stays costs its space, no more. */
  async #removeStaged({ file }: Pending): Promise<void> {
    try {
      const session = await this.#session.get();
      await session.execute(`REMOVE @${this.#setup.names.stage.sql}/${folderOf(file)}`);
    } catch (error) {
      this.#setup.context.log.warn({ error }, "staged file not removed");
    }
  }
}
