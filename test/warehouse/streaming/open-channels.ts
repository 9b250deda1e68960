import { setTimeout } from "node:timers/promises";
import { Catalog } from "../../../warehouse/engine/catalog.ts";
import type { ObjectName } from "../../../warehouse/engine/object-name.ts";
import { openStore } from "../../../warehouse/engine/store.ts";
import { TableVersions } from "../../../warehouse/engine/table-versions.ts";
import { Transactions } from "../../../warehouse/engine/transactions.ts";
import { Faults } from "../../../warehouse/faults.ts";
import { Pipes } from "../../../warehouse/pipes/pipes.ts";
import type { ChannelKey } from "../../../warehouse/streaming/channel.ts";
import { Channels } from "../../../warehouse/streaming/channels.ts";

/** A store with one table `DB.PUBLIC.T (ID NUMBER(5,0))`, and its channels. */
export interface OpenChannels extends AsyncDisposable {
  readonly channels: Channels;
  readonly catalog: Catalog;
  readonly pipes: Pipes;
  readonly faults: Faults;
  /** Moves the clock, in milliseconds. */
  pass(ms: number): void;
  /** Drops the table and makes it anew. */
  replaceTable(options?: Partial<TableOptions>): Promise<void>;
  /** The rows of the table that anybody sees, as JSON values. */
  rows(): Promise<readonly unknown[]>;
  query(sql: string): Promise<readonly unknown[]>;
  /** Opens the channels anew, as a server that is started again on the same database. */
  restart(): Promise<Channels>;
}

/** How the table is made. */
export interface TableOptions {
  readonly schemaEvolution: boolean;
  readonly errorLogging: boolean;
  /** ID is NOT NULL. */
  readonly required: boolean;
}

/** The table. */
export const table: ObjectName = { database: "DB", schema: "PUBLIC", name: "T" };
/** A channel of the table's own pipe. */
export const channelOf = (channel: string): ChannelKey => ({ pipe: { ...table, name: "T-STREAMING" }, channel });

/** Opens a store of its own, without HTTP. */
export async function openChannels(options: Partial<TableOptions> = {}): Promise<OpenChannels> {
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  const store = await openStore(null);
  const versions = new TableVersions();
  const catalog = await Catalog.open(store, { versions, now });
  const transactions = new Transactions({ store, catalog, versions, now });
  const connection = await store.connect();
  const pipes = await Pipes.open({ connection, delayMs: 0 });
  const faults = new Faults();
  const replaceTable = async (as: Partial<TableOptions> = {}): Promise<void> => {
    await catalog.createTable({
      name: table,
      kind: "permanent",
      columns: [
        { name: "ID", type: { kind: "NUMBER", precision: 5, scale: 0 }, nullable: as.required !== true, defaultSql: null },
      ],
      schemaEvolution: as.schemaEvolution ?? false,
      errorLogging: as.errorLogging ?? false,
      owner: "ACCOUNTADMIN",
      sessionId: 0,
      connection,
      rows: null,
      defaults: new Map(),
      replace: true,
    });
  };
  await catalog.createDatabase("DB", connection);
  await replaceTable(options);
  const open = () =>
    Channels.open({ catalog, pipes, transactions, faults, now, commitMs: 0, requestsPerSecond: null, hostname: "text" });
  const channels = await open();
  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  return {
    channels,
    catalog,
    pipes,
    faults,
    pass: (ms) => void (passedMs += ms),
    replaceTable,
    rows: async () => (await query('SELECT * FROM "DB.PUBLIC"."T" ORDER BY ALL')).map((row) => (row as unknown[])[0]),
    query,
    restart: open,
    async [Symbol.asyncDispose]() {
      await channels.close();
      await transactions.close();
      connection.closeSync();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Resolves once the channel has committed this token. */
export async function committed(channels: Channels, key: ChannelKey, token: string): Promise<void> {
  const untilMs = Date.now() + 5000;
  while (channels.statuses(key.pipe, [key.channel]).get(key.channel)?.committedToken !== token) {
    if (Date.now() > untilMs) throw new Error(`channel ${key.channel}: token ${token} is not committed after 5 s`);
    await setTimeout(2);
  }
}
