import assert from "node:assert";
import type { Column, TargetColumn } from "../../../../transform/column.ts";
import type { Reject, Rows } from "../../../../transform/rows.ts";
import { BatchTooLarge, TargetChanged, Terminal } from "../../../component/errors.ts";
import { canonical, type Move, type Position } from "../../../component/position.ts";
import type { Sink, Written } from "../../../component/sink.ts";
import { refusal, StatementRefused } from "../../../snowflake/errors.ts";
import { identifier } from "../../../snowflake/identifiers.ts";
import { describeTable } from "../describe-table.ts";
import { OpenSession } from "../open-session.ts";
import { type PreparedTable, prepareTable, tableDigest } from "../prepare-table.ts";
import { steeredRefusal } from "../refusal.ts";
import { wholeName } from "../sink-names.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { positionText } from "./channel-note.ts";
import { claimSplits, rowsRejected } from "./claim-splits.ts";
import { IngestClient } from "./ingest-client.ts";
import { type StreamingLimits, streamingLimits } from "./limits.ts";
import { foreignSplits, writeNotes } from "./notes.ts";
import { rejectedRecords } from "./rejected-rows.ts";
import { RowLines } from "./row-lines.ts";
import { type Sending, sendRows } from "./send-rows.ts";
import type { SplitChannel } from "./split-channel.ts";

/** Snowflake's hard limit for one request, as it is sent. */
const requestBytesMax = 4 * 1024 * 1024;

/** Loads by Snowpipe Streaming: a channel for each split, whose committed offset token is the split's position. */
export function openStreamingSink(setup: SinkSetup, limits: StreamingLimits = streamingLimits): Sink {
  if (setup.spec.load.streaming === undefined) throw new Error("load.streaming: it is not what the manifest says");
  const { snowflake } = setup.context.connection(setup.spec.connection);
  if (snowflake?.auth.workloadIdentity !== undefined) {
    throw new Terminal(
      "SignInUnsupported",
      `connection ${setup.spec.connection}: Snowpipe Streaming takes no workload identity: use auth.keyPair, auth.oauth or auth.token, or load.copy`,
    );
  }
  return new StreamingTable(setup, limits);
}

/**
 * Rows become visible together with the channel's token, so a split's rows and its move are one step; a token moves with rows only.
 * A move without rows goes to the positions table, beside the token that it follows (channel-note.ts has the rule by which both are
 * read): no row can be loaded twice by it, because as soon as rows follow, the token is another one and the table's position is
 * passed over. Where such a move is not written yet when the pod dies, its range is read again and gives no row again.
 *
 * Whoever opens a channel ends what an earlier owner does with it, and an append counts only after the token that was read when the
 * channel was opened: after an unknown outcome the channel is opened again and its token says what became of the rows.
 */
class StreamingTable implements Sink {
  readonly atomic = "split";
  readonly rejectsLater = true;
  readonly #setup: SinkSetup;
  readonly #limits: StreamingLimits;
  readonly #session: OpenSession;
  readonly #client: IngestClient;
  readonly #splits = new Map<string, SplitChannel>();
  #prepared: PreparedTable | null = null;
  /** When the table's columns were last as they were prepared. */
  #seenMs = 0;
  #lines: RowLines | null = null;
  /** When moves without rows last went to the positions table; null: never. */
  #movedMs: number | null = null;
  readonly #ending = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #idleTimer: NodeJS.Timeout;

  constructor(setup: SinkSetup, limits: StreamingLimits) {
    this.#setup = setup;
    this.#limits = limits;
    this.#session = new OpenSession(setup);
    const { database, schema, name } = setup.names.table;
    const { pipe } = setup.spec.load.streaming!;
    const pipeName = wholeName(database, schema, pipe === undefined ? `${name}-STREAMING` : identifier(pipe));
    this.#client = new IngestClient({
      account: setup.account,
      pipe: pipeName,
      signal: this.#ending.signal,
      now: () => setup.context.now(),
    });
    this.#idleTimer = setInterval(() => void this.#inTurn(() => this.#noteIdle()), limits.idleMs / 4);
    this.#idleTimer.unref();
  }

  prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    return this.#inTurn(async () => {
      const session = await this.#session.get();
      this.#prepared = await prepareTable(session, this.#setup, columns);
      this.#seenMs = this.#setup.context.now();
      const { spec, names } = this.#setup;
      if (spec.load.streaming!.onRejectedRows === "deadLetter") await requireErrorTable(session, names.table.sql);
      return this.#prepared.target;
    });
  }

  restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return this.#inTurn(async () => {
      if (splits.length === 0) return new Map();
      const own = splits
        .flatMap((split) => this.#splits.get(split) ?? [])
        .filter(({ doubtful, isDirty }) => !doubtful && isDirty);
      await this.#write(own, false);
      for (const split of splits) this.#splits.delete(split);
      const found = await claimSplits(splits, { setup: this.#setup, session: await this.#session.get(), client: this.#client });
      for (const [split, channel] of found) this.#splits.set(split, channel);
      return new Map([...found].flatMap(([split, { position }]) => (position === null ? [] : [[split, position] as const])));
    });
  }

  write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    assert(new Set(moves.map(({ split }) => split)).size === moves.length, "a split moves once in a batch");
    return this.#inTurn(async () => {
      await this.#settleErrors();
      if (rows !== null) await this.#watchTable();
      const conflicts = await this.#judge(moves);
      const lost = conflicts.size > 0 ? conflicts : await this.#load(moves, await this.#linesOf(rows, moves));
      // Also beside a conflict: what other splits have by now is not read again.
      const rejected = rows === null ? [] : await this.#rejected(rows, moves, lost);
      const told = rejected.length === 0 ? {} : { rejected };
      return lost.size > 0 ? { kind: "conflict", splits: this.#lose(lost), ...told } : { kind: "written", ...told };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#idleTimer);
    this.#ending.abort();
    await this.#inTurn(async () => {
      const open = [...this.#splits.values()].filter((channel) => !channel.doubtful && !channel.isClosed);
      try {
        // Nothing to note where nothing was ever sent.
        await this.#write(
          open.filter((channel) => channel.noted.note !== null || channel.isDirty),
          true,
        );
      } catch (error) {
        this.#setup.context.log.warn({ error }, "positions not noted at the end: the channels have them");
      }
      this.#splits.clear();
      this.#lines?.close();
      await this.#session[Symbol.asyncDispose]();
    });
  }

  /** The splits that do not stand where the moves begin, or are another owner's. Afterwards nothing is doubtful. */
  async #judge(moves: readonly Move[]): Promise<ReadonlySet<string>> {
    const conflicts = new Set(moves.filter(({ split }) => !this.#splits.has(split)).map(({ split }) => split));
    if (conflicts.size > 0) return conflicts;
    const channels = moves.map(({ split }) => this.#splits.get(split)!);
    // Who asks again does so because of an unknown outcome, which is rare: then the table is asked whose the splits are.
    const again = channels.filter((channel, index) => channel.doubtful || isAt(channel, moves[index]!.to));
    if (again.length > 0) {
      const session = await this.#session.get();
      const claimant = { positions: this.#setup.names.positions, owner: this.#setup.owner };
      for (const split of await foreignSplits(session, claimant, again)) conflicts.add(split);
      if (conflicts.size > 0) return conflicts;
      for (const channel of again) if (channel.doubtful && !(await this.#reopen(channel))) conflicts.add(channel.split);
      if (conflicts.size > 0) return conflicts;
    }
    for (const [index, { split, from, to }] of moves.entries()) {
      const channel = channels[index]!;
      if (!isAt(channel, from) && !isAt(channel, to)) conflicts.add(split);
    }
    return conflicts;
  }

  /**
   * Finds out what became of the last append: afterwards it is there, or it never will be. False: nobody can tell, as the channel was
   * made anew meanwhile.
   */
  async #reopen(channel: SplitChannel): Promise<boolean> {
    const { continuation, status } = await this.#client.open(channel.channel);
    if (status.createdMs !== channel.channelMs) return false;
    // Where the token is as before, the split stands where it stood, which may be beyond the token.
    if (status.token !== channel.token) channel.position = status.token === null ? null : (JSON.parse(status.token) as Position);
    channel.continuation = continuation;
    channel.token = status.token;
    channel.errors = status.errors;
    channel.doubtful = false;
    return true;
  }

  async #linesOf(rows: Rows | null, moves: readonly Move[]): Promise<ReadonlyMap<number, Buffer>> {
    if (rows === null) return new Map();
    assert(this.#prepared !== null, "prepare comes before rows");
    this.#lines ??= await RowLines.open(this.#setup.context.scratchDirectory);
    const lines = await this.#lines.make(rows, this.#prepared.stored);
    for (const [index, { length }] of lines) {
      if (length <= requestBytesMax) continue;
      throw new BatchTooLarge(
        `${moves[index]?.split}: its rows take ${length} bytes compressed, and Snowpipe Streaming takes ${requestBytesMax} at once`,
      );
    }
    return lines;
  }

  /** Sends the rows of the splits that are not there yet, and moves those without rows. Answers the splits that are another owner's. */
  async #load(moves: readonly Move[], lines: ReadonlyMap<number, Buffer>): Promise<ReadonlySet<string>> {
    const sendings: Sending[] = [];
    for (const [index, { split, from, to }] of moves.entries()) {
      const channel = this.#splits.get(split)!;
      const body = lines.get(index);
      if (isAt(channel, to) && !isAt(channel, from)) continue;
      if (body === undefined) channel.position = to;
      else sendings.push({ channel, from: channel.token, to: canonical(to), body });
    }
    const closed = sendings.flatMap(({ channel }) => (channel.mayAppend ? [] : [channel]));
    const lost = await this.#write(closed, false);
    if (lost.size > 0) return lost;
    const nowMs = this.#setup.context.now();
    for (const { channel } of sendings) channel.sentMs = nowMs;
    const fenced = await sendRows(sendings, {
      client: this.#client,
      limits: this.#limits,
      signal: this.#ending.signal,
      now: () => performance.now(),
      foreign: async (channels) =>
        foreignSplits(await this.#session.get(), { positions: this.#setup.names.positions, owner: this.#setup.owner }, channels),
    });
    if (fenced.size > 0) return fenced;
    const foreign = await this.#noteMoves();
    return new Set(moves.map(({ split }) => split).filter((split) => foreign.has(split)));
  }

  /** Moves without rows go to the positions table, some time at the latest. */
  async #noteMoves(): Promise<ReadonlySet<string>> {
    const nowMs = this.#setup.context.now();
    if (this.#movedMs !== null && nowMs - this.#movedMs < this.#limits.moveMs) return new Set();
    const dirty = [...this.#splits.values()].filter((channel) => !channel.doubtful && channel.isDirty);
    if (dirty.length === 0) return new Set();
    this.#movedMs = nowMs;
    return this.#write(dirty, false);
  }

  /** Snowflake leaves out the values of a column that is gone, without an error: this bounds how long that goes unseen. */
  async #watchTable(): Promise<void> {
    assert(this.#prepared !== null, "prepare comes before rows");
    const { context, names } = this.#setup;
    const nowMs = context.now();
    if (nowMs - this.#seenMs < this.#limits.tableMs) return;
    const columns = await describeTable(await this.#session.get(), names.table);
    // What becomes of a table that is gone the appends tell.
    if (columns !== null && tableDigest(columns) !== this.#prepared.digest) {
      const since = new Date(this.#seenMs).toISOString();
      const message = `table ${names.table.sql}: its columns have changed since ${since}: look whether rows lack values of a column that was renamed or dropped`;
      context.log.warn({ table: names.table.sql, since }, "columns changed under streaming: rows since then may lack values");
      throw new TargetChanged(message);
    }
    this.#seenMs = nowMs;
  }

  /** What the last call told of rejected rows is dealt with by now. */
  async #settleErrors(): Promise<void> {
    const told = [...this.#splits.values()].filter(({ doubtful, errorsToNote }) => !doubtful && errorsToNote);
    if (told.length > 0) await this.#write(told, false);
  }

  /** The records of rejected rows, but of the splits that are lost. */
  async #rejected(rows: Rows, moves: readonly Move[], lost: ReadonlySet<string>): Promise<readonly Reject[]> {
    const hit = moves.flatMap(({ split, to }, index) => {
      const channel = this.#splits.get(split);
      if (channel === undefined || lost.has(split) || channel.doubtful || channel.token !== canonical(to)) return [];
      const count = channel.errors - channel.errorsSettled;
      return count > 0 ? [{ index, channel, token: channel.token, count }] : [];
    });
    const first = hit[0];
    if (first === undefined) return [];
    const { spec, names } = this.#setup;
    if (spec.load.streaming!.onRejectedRows !== "deadLetter") throw rowsRejected(first.channel, names.table, first.count);
    const rejects = await rejectedRecords(
      hit.map(({ channel, ...each }) => ({ ...each, channel: channel.channel })),
      {
        session: await this.#session.get(),
        table: names.table,
        lines: this.#lines!,
        rows,
        prepared: this.#prepared!,
        signal: this.#ending.signal,
      },
    );
    for (const { channel } of hit) channel.settleErrors();
    return rejects;
  }

  /** The positions outlive the channels of splits that have no rows for long; of the others, the table is an hour behind at most. */
  async #noteIdle(): Promise<void> {
    const nowMs = this.#setup.context.now();
    const { idleMs } = this.#limits;
    const open = [...this.#splits.values()].filter(
      ({ doubtful, noted, isClosed }) => !doubtful && noted.note !== null && !isClosed,
    );
    const idle = open.filter(({ sentMs }) => nowMs - sentMs >= idleMs);
    const busy = open.filter(
      ({ sentMs, noted, token }) => nowMs - sentMs < idleMs && nowMs - noted.note!.atMs >= idleMs && noted.note!.token !== token,
    );
    try {
      await this.#write(idle, true);
      await this.#write(busy, false);
    } catch (error) {
      this.#setup.context.log.warn({ error }, "positions not noted: the channels have them");
    }
  }

  async #write(channels: readonly SplitChannel[], final: boolean): Promise<ReadonlySet<string>> {
    if (channels.length === 0) return new Set();
    const foreign = await writeNotes(await this.#session.get(), this.#setup, { channels, final });
    // The engine may have let go of it long ago; here it would have nothing but conflicts.
    for (const split of foreign) this.#splits.delete(split);
    return foreign;
  }

  #lose(splits: ReadonlySet<string>): readonly string[] {
    for (const split of splits) if (this.#splits.get(split)?.doubtful === true) this.#splits.delete(split);
    return [...splits];
  }

  /** One call at a time: the timer has calls of its own. What Snowflake refuses here is nothing that waiting helps against. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call).catch((error: unknown) => {
      throw steeredRefusal(error);
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function isAt({ position }: SplitChannel, at: Position | null): boolean {
  return positionText(position) === positionText(at);
}

async function requireErrorTable(session: Awaited<ReturnType<OpenSession["get"]>>, table: string): Promise<void> {
  try {
    await session.execute(`SELECT 1 FROM ERROR_TABLE(${table}) LIMIT 1`);
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    const mayNot = error.code === refusal.privilege;
    throw new Terminal(
      mayNot ? "PrivilegeMissing" : "ErrorLoggingOff",
      mayNot
        ? `table ${table}: load.streaming.onRejectedRows deadLetter reads its error table: GRANT SELECT ERROR TABLE ON TABLE ${table} to the role`
        : `table ${table}: load.streaming.onRejectedRows deadLetter reads its error table: ALTER TABLE ${table} SET ERROR_LOGGING = TRUE`,
    );
  }
}
