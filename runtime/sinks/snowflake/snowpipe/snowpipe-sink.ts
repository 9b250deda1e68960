import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Column, TargetColumn } from "../../../../transform/column.ts";
import type { Rows } from "../../../../transform/rows.ts";
import { NotConnected, TargetChanged, Terminal } from "../../../component/errors.ts";
import type { Move, Position } from "../../../component/position.ts";
import type { Sink, Written } from "../../../component/sink.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { describeTable } from "../describe-table.ts";
import { lockPatiently, lockTimeoutMs, positionsPatience } from "../lock-wait.ts";
import { OpenSession } from "../open-session.ts";
import { beginOwn, endLeftOver } from "../own-transaction.ts";
import {
  advance,
  areCommitted,
  claim,
  type Claimant,
  createPositions,
  judge,
  type Stored,
  stored,
  type StoredMove,
} from "../positions.ts";
import { define, type PreparedTable, prepareTable, tableDigest } from "../prepare-table.ts";
import { createStageText } from "../sink-names.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { refuseStreamed } from "../streaming/channel-note.ts";
import { type Pending, type PendingFile, pendingFiles, pendingText, readPending } from "./pending.ts";
import { folderOf, pipeSource, stageFolder } from "./pipe-place.ts";
import { planPipe } from "./plan-pipe.ts";
import { removeAbandoned } from "./remove-abandoned.ts";
import { settle, submitEarly } from "./settle.ts";

/** Nothing but positions and names goes through this session: the pipe does the loading. */
const bounds = { lockTimeoutMs, longestStatementMs: 180_000 };

/** Loads by Snowpipe: a file is staged, one step moves the positions and says that the file is to be loaded, and a pipe loads it. */
export function openSnowpipeSink(setup: SinkSetup): Sink {
  return new SnowpipeTable(setup);
}

/**
 * The step that moves the positions is the commit point, and the file's only mention: without it the file is never given to the
 * pipe, and with it the file is given until its load is proven, by this owner or by the next. A pipe loads a name once.
 */
class SnowpipeTable implements Sink {
  readonly #setup: SinkSetup;
  readonly #session: OpenSession;
  readonly #claimant: Claimant;
  #table: PreparedTable | null = null;
  #pipe: string | null = null;
  #tidied = false;
  /** What other ways of loading left beside the positions, by split. */
  readonly #kept = new Map<string, string | null>();
  /** True after a write that failed: what it did is not known. */
  #doubtful = false;

  constructor(setup: SinkSetup) {
    this.#setup = setup;
    this.#session = new OpenSession(setup, bounds);
    this.#claimant = { positions: setup.names.positions, owner: setup.owner };
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    return this.#session.run(async (session) => {
      const table = await prepareTable(session, this.#setup, columns);
      await define(session, createStageText(this.#setup.names.stage));
      await createPositions(session, this.#claimant.positions);
      const { pipe, create } = planPipe(this.#setup, table.stored);
      if (create !== null) await define(session, create);
      [this.#table, this.#pipe] = [table, pipe];
      if (!this.#tidied) await removeAbandoned(session, this.#setup);
      this.#tidied = true;
      return table.target;
    });
  }

  async restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    if (splits.length === 0) return new Map();
    return this.#session.run(async (session) => {
      await endLeftOver(session, this.#setup, this.#claimant, splits);
      await lockPatiently(() => claim(session, this.#claimant, splits), session, this.#setup, positionsPatience);
      const found = await stored(session, this.#claimant, splits);
      refuseStreamed(found);
      for (const [split, { state }] of found) this.#kept.set(split, keptOf(state));
      const positions = new Map([...found].map(([split, { position }]) => [split, position]));
      for (const file of await this.#settleAll(found)) {
        // Read again, the records may fit by now; where they do not, `write` says what is wrong.
        this.#setup.context.log.warn({ file: file.file, rows: file.rows, error: file.error }, "file not loaded, read again");
        for (const { split, from } of file.splits) positions.set(split, from);
      }
      return new Map([...positions].flatMap(([split, position]) => (position === null ? [] : [[split, position] as const])));
    });
  }

  async write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    assert(new Set(moves.map(({ split }) => split)).size === moves.length, "a split moves once in a batch");
    return this.#session.run(async (session) => {
      const doubtful = this.#doubtful;
      this.#doubtful = true;
      const written = (doubtful ? await this.#found(session, moves) : null) ?? (await this.#write(session, rows, moves));
      this.#doubtful = false;
      return written;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async #write(session: SnowflakeSession, rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    const pending = rows === null ? null : await this.#stage(session, rows);
    const splits = moves.map(({ split, from, to }) => ({ split, from, to, kept: this.#kept.get(split) ?? null }));
    const noted = pending === null ? moves : splits.map((split) => ({ ...split, state: pendingText(pending, split) }));
    if (!(await this.#intend(session, noted))) {
      if (pending !== null) await this.#removeStaged(session, pending);
      const found = await this.#found(session, moves);
      if (found === null) throw new NotConnected(`${this.#claimant.positions.sql}: positions were changed in between`);
      return found;
    }
    if (pending !== null) await this.#settled({ ...pending, splits }, true);
    return { kind: "written" };
  }

  /** What became of an earlier call with these moves; null: nothing has moved. */
  async #found(session: SnowflakeSession, moves: readonly Move[]): Promise<Written | null> {
    const { conflicts, arrived } = await judge(session, this.#claimant, moves);
    if (!arrived) return conflicts.length === 0 ? null : { kind: "conflict", splits: conflicts };
    const found = await stored(
      session,
      this.#claimant,
      moves.map(({ split }) => split),
    );
    for (const file of pendingFiles(found)) await this.#settled(file);
    return { kind: "written" };
  }

  async #stage(session: SnowflakeSession, rows: Rows): Promise<Pending> {
    assert(this.#pipe !== null, "prepare comes before rows");
    const { names, context } = this.#setup;
    const folder = `${stageFolder}${randomUUID()}`;
    await session.put(rows.path, `@${names.stage.sql}/${folder}`);
    return {
      file: `${folder}/${basename(rows.path)}`,
      pipe: this.#pipe,
      table: names.table.sql,
      into: pipeSource(this.#setup).into,
      rows: rows.count,
      bytes: rows.bytes,
      atMs: context.now(),
    };
  }

  /** Makes all the moves in one transaction, with the file beside them. False: none, as not all of them can be made. */
  async #intend(session: SnowflakeSession, moves: readonly StoredMove[]): Promise<boolean> {
    const transaction = await beginOwn(session, this.#setup);
    try {
      const moved = await lockPatiently(
        () => advance(session, this.#claimant, moves, transaction),
        session,
        this.#setup,
        positionsPatience,
      );
      if (moved !== moves.length) {
        await session.execute("ROLLBACK");
        return false;
      }
    } catch (error) {
      // A session that is gone takes its transaction along, or leaves it to whoever waits for its lock.
      if (session.alive) await session.execute("ROLLBACK");
      throw error;
    }
    await session.execute("COMMIT");
    return areCommitted(session, this.#claimant, moves);
  }

  /** Settles what earlier owners left, and answers the files that could not be loaded; their splits are back where they were. */
  async #settleAll(found: ReadonlyMap<string, Stored>): Promise<readonly (PendingFile & { readonly error: string })[]> {
    const files = pendingFiles(found);
    // Given to their pipes at once, they are waited for together.
    if (files.length > 1) await submitEarly(files, this.#settling);
    const failed: (PendingFile & { readonly error: string })[] = [];
    for (const file of files) {
      const error = await this.#settle(file);
      if (error !== null) failed.push({ ...file, error });
    }
    return failed;
  }

  /** Ends with the file loaded. Throws TargetChanged or Terminal where it cannot be; its splits are back where they were. */
  async #settled(file: PendingFile, first = false): Promise<void> {
    const error = await this.#settle(file, first);
    if (error === null) return;
    const { table } = this.#setup.names;
    if (tableDigest(await describeTable(await this.#session.get(), table)) !== this.#table?.digest)
      throw new TargetChanged(`table ${table.sql}: its columns have changed`);
    throw new Terminal(
      "FileRejected",
      `pipe ${file.pipe}: it could not load a file of ${file.rows} rows: ${error}: change the SQL, the table or the pipe; its records are read again at the next start`,
    );
  }

  /** Waits for the file's end. null: it is loaded; else why not one of its rows is, and its splits are back where they were. */
  async #settle(file: PendingFile, first = false): Promise<string | null> {
    const settled = await settle(file, this.#settling, first);
    const session = await this.#session.get();
    if (settled.kind === "loaded") {
      await this.#move(
        session,
        file.splits.map(({ split, to, kept }) => ({ split, from: to, to, state: kept })),
      );
      await this.#removeStaged(session, file);
      return null;
    }
    // Out of the stage it cannot be loaded by hand once its records are read again.
    await session.execute(`REMOVE @${this.#setup.names.stage.sql}/${folderOf(file.file)}`);
    await this.#move(
      session,
      file.splits.map(({ split, from, to, kept }) => ({ split, from: to, to: from, state: kept })),
    );
    return settled.error;
  }

  /** Splits that somebody else has taken over meanwhile stay as they are: their new owner does the same. */
  async #move(session: SnowflakeSession, moves: readonly StoredMove[]): Promise<void> {
    await lockPatiently(() => advance(session, this.#claimant, moves), session, this.#setup, positionsPatience);
  }

  get #settling(): Parameters<typeof settle>[1] {
    const { context, names, account } = this.#setup;
    return { account, stage: names.stage.sql, session: () => this.#session.get(), now: () => context.now() };
  }

  /** A file that stays costs its space, no more. */
  async #removeStaged(session: SnowflakeSession, { file }: Pending): Promise<void> {
    try {
      await session.execute(`REMOVE @${this.#setup.names.stage.sql}/${folderOf(file)}`);
    } catch (error) {
      this.#setup.context.log.warn({ error }, "staged file not removed");
    }
  }
}

/** What another way of loading left in a split's state. */
function keptOf(state: string | null): string | null {
  const read = readPending(state);
  return read === null ? state : read.kept;
}
