import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { CopyHistory } from "./copy/copy-history.ts";
import { Catalog } from "./engine/catalog.ts";
import { openStore } from "./engine/store.ts";
import { TableVersions } from "./engine/table-versions.ts";
import { Transactions } from "./engine/transactions.ts";
import { Faults } from "./faults.ts";
import { QueryHistory } from "./history/query-history.ts";
import { WarehouseMeter } from "./meter/warehouse-meter.ts";
import { pipeLoader } from "./pipes/pipe-loader.ts";
import { Pipes } from "./pipes/pipes.ts";
import { Queries } from "./query/queries.ts";
import { savedState } from "./saved-state.ts";
import { Sessions } from "./sessions/sessions.ts";
import { Integrations } from "./sign-in/integrations.ts";
import { IssuerKeys } from "./sign-in/issuer-keys.ts";
import type { PropertyValue } from "./sign-in/user.ts";
import { Users } from "./sign-in/users.ts";
import { type StorageKind, Stages } from "./stages/stages.ts";
import { Channels } from "./streaming/channels.ts";

/** What an account is opened with. */
export interface AccountOptions {
  readonly accountName: string;
  /** Holds its database, its stages' files and the rest. */
  readonly directory: string;
  /** Null: the database is in memory, and nothing but stages' files is written to the directory. */
  readonly dataDirectory: string | null;
  readonly users: Readonly<Record<string, Readonly<Record<string, PropertyValue>>>>;
  readonly databases: readonly string[];
  now(): number;
  /** Not moved by tests. */
  realNow(): number;
  readonly tokenMs: number;
  readonly masterTokenMs: number;
  readonly storage: StorageKind;
}

/** An account that is open. */
export interface OpenAccount {
  readonly account: Account;
  /** Ends its transactions and closes its database. Sessions have to be ended before. */
  close(): Promise<void>;
}

/** The warehouse that a new account has. */
const firstWarehouse = "COMPUTE_WH";
/** The role that may do everything. */
const firstRole = "ACCOUNTADMIN";
/** Milliseconds from a file's arrival at a pipe to its load; Snowflake takes up to a minute. */
const pipeDelayMs = 1_000;
/** Rows are there at once and nobody is slowed down, unless a test asks for it; Snowflake takes 5 to 10 s, and 10 requests a second. */
const streaming = { commitMs: 0, requestsPerSecond: null, hostname: "text" } as const;

/** Opens an account: what is in its directory, or a new one with a warehouse, and the users and databases that are asked for. */
export async function openAccount(options: AccountOptions): Promise<OpenAccount> {
  const { directory, dataDirectory, now } = options;
  await mkdir(directory, { recursive: true });
  const saved = <T>(name: string) => savedState<T>(dataDirectory === null ? null : join(directory, `${name}.json`));
  const store = await openStore(dataDirectory === null ? null : join(directory, "warehouse.duckdb")).catch((cause: unknown) => {
    if (!(cause instanceof Error) || !cause.message.includes("Could not set lock")) throw cause;
    throw new Error(`data directory ${directory}: another process has it open: stop that one, or name another directory`, {
      cause,
    });
  });
  const connection = await store.connect();
  const versions = new TableVersions();
  const catalog = await Catalog.open(store, { versions, now });
  const transactions = new Transactions({ store, catalog, versions, now });
  const stages = await Stages.open({ directory: join(directory, "stages"), connection, storage: options.storage, now });
  const sessions = new Sessions({
    ...options,
    openTransaction: (session) => transactions.open(session),
    forget: async (sessionId) => {
      catalog.endSession(sessionId);
      await stages.endSession(sessionId);
    },
  });
  const pipes = await Pipes.open({ connection, delayMs: pipeDelayMs });
  const faults = new Faults();
  const account: Account = {
    name: options.accountName,
    now,
    realNow: () => options.realNow(),
    store,
    catalog,
    transactions,
    users: new Users(now, saved("users")),
    integrations: new Integrations(saved("integrations")),
    issuerKeys: new IssuerKeys(() => options.realNow()),
    sessions,
    queries: new Queries(),
    stages,
    copyHistory: await CopyHistory.open(connection),
    queryHistory: new QueryHistory(),
    pipes,
    channels: await Channels.open({ ...streaming, catalog, pipes, transactions, faults, now }),
    meter: new WarehouseMeter(now, saved("warehouses")),
    faults,
  };
  await settle(account, options);
  pipes.start(pipeLoader(account));
  return {
    account,
    async close() {
      await pipes.close();
      await account.channels.close();
      await transactions.close();
      catalog.grants.close();
      connection.closeSync();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Makes what is asked for and is not there. */
async function settle(account: Account, { users, databases }: AccountOptions): Promise<void> {
  const { catalog, meter } = account;
  if (!meter.has(firstWarehouse)) meter.create(firstWarehouse, {});
  for (const [name, properties] of Object.entries(users)) {
    const all = new Map(Object.entries({ DEFAULT_ROLE: firstRole, DEFAULT_WAREHOUSE: firstWarehouse, ...properties }));
    if (account.users.get(name) === null) account.users.create(name, all);
    else account.users.alter(name, all);
    await catalog.grants.grantRole(firstRole, { user: name });
  }
  const connection = await account.store.connect();
  try {
    for (const name of databases) if (!catalog.hasDatabase(name)) await catalog.createDatabase(name, connection);
  } finally {
    connection.closeSync();
  }
}
