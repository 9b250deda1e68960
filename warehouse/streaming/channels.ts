import type { Catalog } from "../engine/catalog.ts";
import type { ObjectName } from "../engine/object-name.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { RunOptions, SessionTransaction } from "../engine/transaction.ts";
import type { Transactions } from "../engine/transactions.ts";
import type { Faults } from "../faults.ts";
import type { Pipes } from "../pipes/pipes.ts";
import { type ChannelKey, type ChannelState, keyText, validStatus } from "./channel.ts";
import { createChannelTable, deleteChannel, readChannels, writeChannel } from "./channel-table.ts";
import { continuationToken, readContinuationToken } from "./continuation-token.ts";
import { createErrorRows } from "./error-rows.ts";
import { evolveTable } from "./evolve-table.ts";
import { loadRows } from "./load-rows.ts";
import { ScopedTokens } from "./scoped-tokens.ts";
import { BadRequest } from "../http/route.ts";
import { refused } from "./refused.ts";
import { type StreamingPipe, streamingPipe } from "./streaming-pipe.ts";
import { Throttle } from "./throttle.ts";

/** A channel that nobody used for so long is gone, with its offset token: 30 days, as Snowflake has it. */
const idleMsMax = 30 * 86_400_000;
/** Channels of a pipe, as Snowflake has it. */
const channelsMax = 2000;

/** What the account's channels work with. */
export interface ChannelsOptions {
  readonly catalog: Catalog;
  readonly pipes: Pipes;
  readonly transactions: Transactions;
  readonly faults: Faults;
  now(): number;
  /** Milliseconds from an append to its commit. */
  readonly commitMs: number;
  /** Requests that a channel may have in a second (Snowflake: 10); null: any number. */
  readonly requestsPerSecond: number | null;
  /** How `/v2/streaming/hostname` answers: both are found in Snowflake's documentation. */
  readonly hostname: "text" | "json";
}

/** An append request. */
export interface AppendRequest {
  readonly continuationToken: string | null;
  readonly startOffsetToken: string | null;
  readonly endOffsetToken: string | null;
  /** Newline-delimited JSON. */
  readonly lines: string;
  /** Method and path, for faults. */
  readonly path: string;
}

interface Pending extends AppendRequest {
  readonly dueMs: number;
  readonly lost: boolean;
  readonly rejectsForced: number;
}

interface Channel {
  state: ChannelState;
  rowSequencer: number;
  opening: boolean;
  /** Accepted and not committed, in order. */
  queue: Pending[];
  /** Resolves when what is committed right now is. */
  committing: Promise<void> | null;
  timer: NodeJS.Timeout | null;
}

/** The account's streaming channels: rows are taken at once and become visible together with their offset token some time later. */
export class Channels {
  /** Milliseconds from an append to its commit; tests change it. */
  commitMs: number;
  readonly tokens: ScopedTokens;
  readonly hostname: ChannelsOptions["hostname"];
  readonly throttle: Throttle;
  readonly #options: ChannelsOptions;
  readonly #transaction: SessionTransaction;
  readonly #channels = new Map<string, Channel>();

  private constructor(options: ChannelsOptions, transaction: SessionTransaction) {
    this.#options = options;
    this.#transaction = transaction;
    this.commitMs = options.commitMs;
    this.hostname = options.hostname;
    this.tokens = new ScopedTokens(options.now);
    this.throttle = new Throttle(options.now, options.requestsPerSecond);
  }

  /** Reads the channels that are kept in the database. */
  static async open(options: ChannelsOptions): Promise<Channels> {
    const transaction = await options.transactions.open({ sessionId: 0, user: "SNOWPIPE_STREAMING" });
    const channels = new Channels(options, transaction);
    await transaction.ddl(async (connection) => {
      await createChannelTable(connection);
      await createErrorRows(connection);
      for (const state of await readChannels(connection)) channels.#channels.set(keyText(state.key), newChannel(state));
    });
    return channels;
  }

  /**
   * Makes the channel, or opens it again: who opened it before cannot append any more, and rows that are not committed are gone.
   * Answers its state and the first continuation token.
   */
  async openChannel(
    key: ChannelKey,
    { offsetToken, failOnUncommitted }: { readonly offsetToken: string | null; readonly failOnUncommitted: boolean },
  ): Promise<{ readonly state: ChannelState; readonly token: string }> {
    const { table } = streamingPipe(key.pipe, this.#options);
    const channel = this.#find(key, table) ?? this.#create(key, table);
    if (channel.opening) throw refused.openInProgress(key.channel);
    if (failOnUncommitted && (channel.queue.length > 0 || channel.committing !== null)) throw refused.uncommitted(key.channel);
    channel.opening = true;
    try {
      discard(channel);
      await channel.committing;
      const { state } = channel;
      await this.#save(channel, {
        ...state,
        statusCode: validStatus,
        clientSequencer: state.clientSequencer + 1,
        committedToken: offsetToken ?? state.committedToken,
        usedMs: this.#options.now(),
      });
      channel.rowSequencer = 0;
    } finally {
      channel.opening = false;
    }
    return {
      state: channel.state,
      token: continuationToken({ clientSequencer: channel.state.clientSequencer, rowSequencer: 0 }),
    };
  }

  /** Takes rows. Answers the next continuation token; the rows are not committed then. */
  append(key: ChannelKey, request: AppendRequest): string {
    const { table } = streamingPipe(key.pipe, this.#options);
    const channel = this.#find(key, table);
    if (channel === null) throw refused.noChannel(key.channel);
    const place = { path: request.path };
    const { faults, now } = this.#options;
    if (faults.take(["staleContinuationToken"], place) !== null) throw refused.staleToken();
    if (faults.take(["channelInvalidated"], place) !== null) invalidate(channel, "ERR_CHANNEL_MUST_BE_REOPENED");
    const said = readContinuationToken(request.continuationToken);
    if (said === null || said.clientSequencer !== channel.state.clientSequencer || channel.opening) throw refused.staleToken();
    if (channel.state.statusCode !== validStatus) throw refused.mustReopen(channel.state.statusCode);
    if (said.rowSequencer < channel.rowSequencer) throw refused.staleToken();
    if (said.rowSequencer > channel.rowSequencer) throw refused.mustReopen("ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP");
    channel.rowSequencer++;
    const delayMs = this.commitMs + (faults.take(["delayedCommit"], place)?.ms ?? 0);
    channel.queue.push({
      ...request,
      dueMs: now() + delayMs,
      lost: faults.take(["lostCommit"], place) !== null,
      rejectsForced: faults.take(["rejectedRows"], place)?.rows ?? 0,
    });
    this.#schedule(channel, delayMs);
    return continuationToken({ ...said, rowSequencer: channel.rowSequencer });
  }

  /** The states of those of the channels that are there. Names are as they were given when the channel was opened. */
  statuses(pipe: ObjectName, names: readonly string[]): ReadonlyMap<string, ChannelState> {
    const { table } = streamingPipe(pipe, this.#options);
    return new Map(
      names.flatMap((channel) => {
        const found = this.#find({ pipe, channel }, table);
        return found === null ? [] : [[channel, found.state] as const];
      }),
    );
  }

  /** Drops the channel and its offset token. */
  async drop(key: ChannelKey, failOnUncommitted: boolean): Promise<void> {
    const { table } = streamingPipe(key.pipe, this.#options);
    const channel = this.#find(key, table);
    if (channel === null) throw refused.noChannel(key.channel);
    if (failOnUncommitted && (channel.queue.length > 0 || channel.committing !== null)) throw refused.uncommitted(key.channel);
    discard(channel);
    await channel.committing;
    await this.#forget(key);
  }

  /** Commits no more. */
  async close(): Promise<void> {
    for (const channel of this.#channels.values()) {
      discard(channel);
      await channel.committing;
    }
  }

  #find(key: ChannelKey, table: TableDefinition): Channel | null {
    const channel = this.#channels.get(keyText(key));
    if (channel === undefined) return null;
    const idle = channel.queue.length === 0 && this.#options.now() - channel.state.usedMs > idleMsMax;
    if (channel.state.tableId === table.id && !idle) return channel;
    discard(channel);
    this.#channels.delete(keyText(key));
    return null;
  }

  #create(key: ChannelKey, table: TableDefinition): Channel {
    const { pipe } = key;
    const beside = [...this.#channels.values()].filter(
      ({ state }) => keyText({ ...state.key, channel: "" }) === keyText({ pipe, channel: "" }),
    );
    if (beside.length >= channelsMax)
      throw new BadRequest(
        429,
        "ERR_TOO_MANY_CHANNELS_ON_PIPE",
        `The pipe ${pipe.name} has ${channelsMax} channels, which is the most`,
      );
    const nowMs = this.#options.now();
    const channel = newChannel({
      key,
      tableId: table.id,
      createdMs: nowMs,
      usedMs: nowMs,
      clientSequencer: 0,
      statusCode: validStatus,
      committedToken: null,
      rowsInserted: 0,
      rowsParsed: 0,
      rowsErrors: 0,
      lastError: null,
    });
    this.#channels.set(keyText(key), channel);
    return channel;
  }

  #schedule(channel: Channel, delayMs: number): void {
    if (channel.timer !== null || channel.committing !== null) return;
    channel.timer = setTimeout(() => {
      channel.timer = null;
      channel.committing = this.#commitNext(channel).finally(() => {
        channel.committing = null;
        const next = channel.queue[0];
        if (next !== undefined) this.#schedule(channel, Math.max(next.dueMs - this.#options.now(), 0));
      });
    }, delayMs);
  }

  /** Commits the oldest rows with their token. Never throws: what fails makes the channel invalid. */
  async #commitNext(channel: Channel): Promise<void> {
    const pending = channel.queue.shift();
    if (pending === undefined) return;
    if (pending.lost) return invalidate(channel, "ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP");
    try {
      const pipe = streamingPipe(channel.state.key.pipe, this.#options);
      if (pipe.table.id !== channel.state.tableId) throw refused.noTable(pipe.table.name.name);
      const evolves = pipe.table.schemaEvolution && pipe.mapping === null;
      const parts = { transaction: this.#transaction, catalog: this.#options.catalog };
      const table = evolves ? await evolveTable(pipe.table, pending.lines, parts) : pipe.table;
      await this.#commit(channel, pending, { ...pipe, table });
    } catch (error) {
      invalidate(channel, error instanceof BadRequest ? error.code : "ERR_CHANNEL_MUST_BE_REOPENED");
    }
  }

  async #commit(channel: Channel, pending: Pending, { table, mapping }: StreamingPipe): Promise<void> {
    const { lines, rejectsForced, startOffsetToken, endOffsetToken } = pending;
    const { pipe, channel: name } = channel.state.key;
    const nowMs = this.#options.now();
    const errors = {
      pipe: pipe.name,
      channel: name,
      offsetLowerBound: startOffsetToken,
      offsetUpperBound: endOffsetToken,
      nowMs,
    };
    const { state } = channel;
    const committed = await this.#transaction.run(
      {
        reads: [],
        writes: [{ table: table.name, access: "append" }],
        run: async (connection) => {
          const loaded = await loadRows(connection, { table, mapping, lines, rejectsForced, errors });
          const next: ChannelState = {
            ...state,
            usedMs: nowMs,
            committedToken: endOffsetToken ?? state.committedToken,
            rowsParsed: state.rowsParsed + loaded.parsed,
            rowsInserted: state.rowsInserted + loaded.inserted,
            rowsErrors: state.rowsErrors + loaded.parsed - loaded.inserted,
            lastError:
              loaded.message === null
                ? state.lastError
                : { offsetUpperBound: endOffsetToken, message: loaded.message, atMs: nowMs },
          };
          await writeChannel(connection, next);
          return next;
        },
      },
      this.#run,
    );
    channel.state = committed;
  }

  async #save(channel: Channel, state: ChannelState): Promise<void> {
    await this.#transaction.ddl((connection) => writeChannel(connection, state));
    channel.state = state;
  }

  async #forget(key: ChannelKey): Promise<void> {
    this.#channels.delete(keyText(key));
    await this.#transaction.ddl((connection) => deleteChannel(connection, key));
  }

  readonly #run: RunOptions = {
    signal: new AbortController().signal,
    queryId: "snowpipe-streaming",
    lockTimeoutSeconds: 0,
    autocommit: true,
  };
}

function newChannel(state: ChannelState): Channel {
  return { state, rowSequencer: 0, opening: false, queue: [], committing: null, timer: null };
}

/** Rows that are not committed are gone. */
function discard(channel: Channel): void {
  channel.queue = [];
  if (channel.timer !== null) clearTimeout(channel.timer);
  channel.timer = null;
}

function invalidate(channel: Channel, code: string): void {
  discard(channel);
  channel.state = { ...channel.state, statusCode: code };
}
