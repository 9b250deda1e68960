import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../../warehouse/account.ts";
import { openAccount } from "../../../warehouse/open-account.ts";
import { SnowflakeError, type StatementResult } from "../../../warehouse/result.ts";
import type { Session } from "../../../warehouse/session.ts";
import { executeStatement } from "../../../warehouse/statements/execute-statement.ts";
import type { Bind } from "../../../warehouse/statements/statement.ts";

/** A session on an account without HTTP. */
export interface EngineSession {
  readonly session: Session;
  /** Runs a statement. */
  execute(
    text: string,
    options?: { readonly binds?: readonly Bind[]; readonly signal?: AbortSignal; readonly describeOnly?: boolean },
  ): Promise<StatementResult>;
  /** The rows of a statement. */
  rows(text: string, ...binds: readonly Bind[]): Promise<readonly (readonly (string | null)[])[]>;
  /** The error of a statement that has to fail. */
  failure(text: string, ...binds: readonly Bind[]): Promise<SnowflakeError>;
}

/** An account without HTTP, in memory, with the database DB and its schema PUBLIC. */
export interface Engine extends AsyncDisposable {
  readonly account: Account;
  /** Its clock: milliseconds that `now` is ahead. */
  moveClock(ms: number): void;
  session(start?: { readonly role?: string; readonly user?: string }): Promise<EngineSession>;
}

/** Opens an account for tests of statements: in memory, or in a directory of the caller's. */
export async function openEngine(options: { readonly directory?: string } = {}): Promise<Engine> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "snowline-engine-")));
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const { account, close } = await openAccount({
    accountName: "TEST-ENGINE",
    directory,
    dataDirectory: options.directory ?? null,
    users: { TESTER: {} },
    databases: ["DB"],
    now,
    realNow: Date.now,
    tokenMs: 3_600_000,
    masterTokenMs: 14_400_000,
    storage: "GCS",
  });
  let sessions = 0;
  const started: Session[] = [];
  return {
    account,
    moveClock: (ms) => void (ahead += ms),
    session: async ({ role = "ACCOUNTADMIN", user = "TESTER" } = {}) => {
      sessions += 1;
      const transaction = await account.transactions.open({ sessionId: sessions, user });
      const session: Session = {
        id: sessions,
        user,
        role,
        database: "DB",
        schema: "PUBLIC",
        warehouse: "COMPUTE_WH",
        parameters: new Map(),
        transaction,
      };
      started.push(session);
      return engineSession(account, session);
    },
    async [Symbol.asyncDispose]() {
      for (const { transaction } of started) await transaction.rollback();
      await close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function engineSession(account: Account, session: Session): EngineSession {
  const execute: EngineSession["execute"] = (
    text,
    { binds = [], signal = new AbortController().signal, describeOnly = false } = {},
  ) =>
    executeStatement({
      text,
      binds,
      account,
      session,
      queryId: randomUUID(),
      origin: "http://localhost:1",
      signal,
      describeOnly,
    });
  return {
    session,
    execute,
    rows: async (text, ...binds) => (await execute(text, { binds })).rows,
    failure: async (text, ...binds) => {
      try {
        await execute(text, { binds });
      } catch (error) {
        if (error instanceof SnowflakeError) return error;
        throw error;
      }
      throw new Error(`it did not fail: ${text}`);
    },
  };
}

/** A bind of a text. */
export const textBind = (value: string | null): Bind => ({ type: "TEXT", value });
