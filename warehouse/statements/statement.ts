import type { Account } from "../account.ts";
import type { StatementResult } from "../result.ts";
import type { Session } from "../session.ts";
import type { Bind } from "./bind.ts";

export type { Bind } from "./bind.ts";

/** A statement about to run. */
export interface StatementCall {
  /** One statement, without its closing semicolon. */
  readonly text: string;
  readonly binds: readonly Bind[];
  readonly account: Account;
  readonly session: Session;
  readonly queryId: string;
  /** Scheme and host as the client addressed the server, `http://warehouse:8080`: PUT and GET are sent there. */
  readonly origin: string;
  /** Aborted by a cancel, the statement timeout or the end of the session: throws SnowflakeError 000604 then. */
  readonly signal: AbortSignal;
  /** Only the result's columns are wanted: nothing may be changed. */
  readonly describeOnly: boolean;
}

/** Carries out the statements that begin with its words. Throws SnowflakeError. */
export interface StatementKind {
  /** Upper-case first words, longest match wins: `["COPY", "INTO"]`. */
  readonly words: readonly string[];
  execute(call: StatementCall): Promise<StatementResult>;
}
