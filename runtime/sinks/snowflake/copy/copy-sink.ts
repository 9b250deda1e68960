import assert from "node:assert";
import type { Column, TargetColumn } from "../../../../transform/column.ts";
import type { Rows } from "../../../../transform/rows.ts";
import { NotConnected, TargetChanged } from "../../../component/errors.ts";
import type { Move, Position } from "../../../component/position.ts";
import type { Sink, Written } from "../../../component/sink.ts";
import { refusal, StatementRefused } from "../../../snowflake/errors.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { describeTable } from "../describe-table.ts";
import { type LockPatience, lockPatiently, lockTimeoutMs, patienceWith } from "../lock-wait.ts";
import { OpenSession } from "../open-session.ts";
import { beginOwn, endLeftOver } from "../own-transaction.ts";
import { advance, areCommitted, claim, type Claimant, createPositions, judge, stored } from "../positions.ts";
import { define, type PreparedTable, prepareTable, tableDigest } from "../prepare-table.ts";
import { createStageText, wholeName } from "../sink-names.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { refusePending } from "../snowpipe/pending.ts";
import { refuseStreamed } from "../streaming/channel-note.ts";
import { copyStatement, upsertStatements } from "./load-statements.ts";
import { removeAbandoned, stageFile } from "./staged-files.ts";

/** COPY takes seconds for 100 MB on the smallest warehouse, a MERGE into a large table minutes. */
const loadDeadlineMs = 900_000;
/** A MERGE waits for those of other pods and pipelines, each of which may take its whole deadline. */
const tablePatience: LockPatience = { abortAfterMs: 2 * loadDeadlineMs, waitMsMax: 2 * loadDeadlineMs };

/** Loads by COPY: a file is staged, and one transaction holds its rows and the positions. Tests wait less long for locks. */
export function openCopySink(setup: SinkSetup, timeoutMs = lockTimeoutMs): Sink {
  return new CopyTable(setup, timeoutMs);
}

class CopyTable implements Sink {
  readonly #setup: SinkSetup;
  readonly #session: OpenSession;
  readonly #claimant: Claimant;
  readonly #patience: LockPatience;
  #table: PreparedTable | null = null;
  #tidied = false;
  #positionsThere = false;
  /** True after a COMMIT whose outcome is not known: what is repeated may be there already. */
  #doubtful = false;

  constructor(setup: SinkSetup, timeoutMs: number) {
    this.#setup = setup;
    this.#session = new OpenSession(setup, { lockTimeoutMs: timeoutMs, longestStatementMs: loadDeadlineMs });
    this.#patience = patienceWith(timeoutMs);
    this.#claimant = { positions: setup.names.positions, owner: setup.owner };
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    return this.#session.run(async (session) => {
      this.#table = await prepareTable(session, this.#setup, columns);
      if (!this.#tidied) {
        await define(session, createStageText(this.#setup.names.stage));
        await removeAbandoned(session, this.#setup);
        this.#tidied = true;
      }
      return this.#table.target;
    });
  }

  async restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    if (splits.length === 0) return new Map();
    return this.#session.run(async (session) => {
      if (!this.#positionsThere) await createPositions(session, this.#claimant.positions);
      this.#positionsThere = true;
      await endLeftOver(session, this.#setup, this.#claimant, splits);
      await lockPatiently(() => claim(session, this.#claimant, splits), session, this.#setup, this.#patience);
      const found = await stored(session, this.#claimant, splits);
      refusePending(found);
      refuseStreamed(found);
      return new Map([...found].flatMap(([split, { position }]) => (position === null ? [] : [[split, position] as const])));
    });
  }

  async write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    assert(new Set(moves.map(({ split }) => split)).size === moves.length, "a split moves once in a batch");
    return this.#session.run(async (session) => {
      if (this.#doubtful) {
        const found = await this.#found(session, moves);
        this.#doubtful = false;
        if (found !== null) return found;
      }
      return this.#write(session, rows, moves);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async #write(session: SnowflakeSession, rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    const load = rows === null ? null : await this.#stage(session, rows);
    const transaction = await beginOwn(session, this.#setup);
    try {
      await load?.();
      const move = () => advance(session, this.#claimant, moves, transaction);
      // Positions last: their lock, which all pods of the pipeline need, is held for one statement more.
      if ((await lockPatiently(move, session, this.#setup, this.#patience)) !== moves.length) {
        await session.execute("ROLLBACK");
        const found = await this.#found(session, moves);
        if (found !== null) return found;
        throw new NotConnected(`${this.#claimant.positions.sql}: positions were changed in between`);
      }
    } catch (error) {
      // A session that is gone takes its transaction along, or leaves it to whoever waits for its lock.
      if (session.alive) await session.execute("ROLLBACK");
      throw error;
    }
    this.#doubtful = true;
    await session.execute("COMMIT");
    const committed = await areCommitted(session, this.#claimant, moves);
    const found = committed ? ({ kind: "written" } as const) : await this.#found(session, moves);
    this.#doubtful = false;
    if (found !== null) return found;
    throw new NotConnected(`${this.#claimant.positions.sql}: the transaction was ended from outside`);
  }

  /** Puts the file and makes what DDL has to make, both outside the transaction. Answers what loads it inside. */
  async #stage(session: SnowflakeSession, rows: Rows): Promise<() => Promise<void>> {
    const table = this.#table;
    assert(table !== null, "prepare comes before rows");
    const { names, spec } = this.#setup;
    const { upsert } = spec.mode;
    const staged = await stageFile(session, this.#setup, rows.path);
    const options = { ...staged, table: names.table.sql, columns: rows.columns, stored: table.stored };
    if (upsert === undefined) return () => this.#copy(session, copyStatement(options), rows);
    const { key, deleteWhen = null } = upsert;
    const staging = wholeName(names.stage.database, names.stage.schema, names.transaction).sql;
    const { create, copy, merge } = upsertStatements({ ...options, staging, key, deleteWhen });
    await define(session, create);
    return async () => {
      await this.#copy(session, copy, rows);
      const run = () => session.execute(merge, { deadlineMs: loadDeadlineMs });
      await lockPatiently(() => this.#loading(session, run), session, this.#setup, tablePatience);
    };
  }

  async #copy(session: SnowflakeSession, statement: string, rows: Rows): Promise<void> {
    const { columns, rows: files } = await this.#loading(session, () =>
      session.execute(statement, { deadlineMs: loadDeadlineMs }),
    );
    const at = columns.findIndex((column) => column.toLowerCase() === "rows_loaded");
    const loaded = files.reduce((sum, file) => sum + Number(file[at] ?? 0), 0);
    if (loaded !== rows.count) {
      throw new Error(
        `table ${this.#setup.names.table.sql}: the hand-over file has ${loaded} rows, not the ${rows.count} it was said to have`,
      );
    }
  }

  /** What a load is refused for may be that the table has changed since it was prepared; only then it is looked at again. */
  async #loading<T>(session: SnowflakeSession, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof StatementRefused) || error.code === refusal.lock) throw error;
      const { table } = this.#setup.names;
      const digest = tableDigest(await describeTable(session, table));
      if (digest !== this.#table?.digest) throw new TargetChanged(`table ${table.sql}: its columns have changed`);
      throw error;
    }
  }

  /** What has become of moves that were made before, or that could not be made; null: they all can be made. */
  async #found(session: SnowflakeSession, moves: readonly Move[]): Promise<Written | null> {
    const { conflicts, arrived } = await judge(session, this.#claimant, moves);
    if (arrived) return { kind: "written" };
    return conflicts.length > 0 ? { kind: "conflict", splits: conflicts } : null;
  }
}
