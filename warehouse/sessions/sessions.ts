import { createHash, randomBytes } from "node:crypto";
import type { SessionTransaction } from "../engine/transaction.ts";
import { SnowflakeError } from "../result.ts";
import { OpenSession, type SessionStart } from "./open-session.ts";

/** Tokens of a session, and for how long they are good. */
export interface SessionTokens {
  readonly token: string;
  readonly validityMs: number;
  readonly masterToken: string;
  readonly masterValidityMs: number;
}

/** What sessions need of the rest of the server. */
export interface SessionsOptions {
  now(): number;
  /** Snowflake: 1 h. */
  readonly tokenMs: number;
  /** Snowflake: 4 h; so long a session lives without being used. */
  readonly masterTokenMs: number;
  openTransaction(session: { readonly sessionId: number; readonly user: string }): Promise<SessionTransaction>;
  /** A session has ended: what was its own goes, such as temporary tables. */
  forget(sessionId: number): Promise<void>;
}

/** Sessions at a time: each has a DuckDB connection. */
const sessionsMax = 2_000;
/** Ended sessions' tokens that are remembered, so that their clients learn that they are gone. */
const endedMax = 10_000;
/** How often sessions that nobody uses are looked for, in milliseconds of the account's clock. */
const sweepMs = 60_000;

interface Signed {
  readonly session: OpenSession;
  token: string;
  tokenUntilMs: number;
  masterToken: string;
  masterUntilMs: number;
}

/** The sessions of the account: who holds which token, and until when. Tokens are kept as digests. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #byId = new Map<number, Signed>();
  readonly #byToken = new Map<string, Signed>();
  readonly #byMaster = new Map<string, Signed>();
  readonly #ended = new Set<string>();
  #lastId: number;
  #sweptMs: number;

  constructor(options: SessionsOptions) {
    this.#options = options;
    // After a restart no id comes again.
    this.#lastId = options.now();
    this.#sweptMs = options.now();
  }

  /** Opens a session. Throws SnowflakeError where there are too many. */
  async open(start: SessionStart): Promise<SessionTokens & { readonly session: OpenSession }> {
    await this.#sweep();
    if (this.#byId.size >= sessionsMax)
      throw new SnowflakeError(
        "390400",
        "08001",
        `There are ${sessionsMax} sessions, which is the most this server has: close some.`,
      );
    const id = ++this.#lastId;
    const transaction = await this.#options.openTransaction({ sessionId: id, user: start.user });
    const session = new OpenSession(id, start, transaction, this.#options.now());
    const signed: Signed = { session, token: "", tokenUntilMs: 0, masterToken: "", masterUntilMs: 0 };
    this.#byId.set(id, signed);
    return { session, ...this.#giveTokens(signed) };
  }

  /**
   * The session whose token a request carries (`Authorization: Snowflake Token="…"`). Throws SnowflakeError: 390112 the token is to be
   * renewed, 390111 the session is gone, 390104 there never was one.
   */
  async authenticate(authorization: string | undefined): Promise<OpenSession> {
    await this.#sweep();
    const digest = digestOf(tokenIn(authorization));
    const signed = this.#byToken.get(digest);
    if (signed === undefined) throw this.#ended.has(digest) ? sessionGone() : tokenInvalid();
    if (signed.tokenUntilMs <= this.#options.now()) throw tokenExpired();
    signed.session.lastUsedMs = this.#options.now();
    return signed.session;
  }

  /** New tokens for the session of a master token. Throws SnowflakeError: 390114 it has expired, 390115 there never was one. */
  async renew(authorization: string | undefined): Promise<SessionTokens & { readonly session: OpenSession }> {
    await this.#sweep();
    const digest = digestOf(tokenIn(authorization));
    const signed = this.#byMaster.get(digest);
    if (signed === undefined) throw this.#ended.has(digest) ? masterExpired() : masterInvalid();
    if (signed.masterUntilMs <= this.#options.now()) throw masterExpired();
    signed.session.lastUsedMs = this.#options.now();
    return { session: signed.session, ...this.#giveTokens(signed) };
  }

  /** The client says that it is still there: the session lives on though it has no statement. */
  heartbeat(session: OpenSession): void {
    const signed = this.#byId.get(session.id);
    if (signed === undefined) return;
    session.lastUsedMs = this.#options.now();
    signed.masterUntilMs = this.#options.now() + this.#options.masterTokenMs;
  }

  /** Lets the session's token expire: the client is to renew it. */
  expireToken(session: OpenSession): void {
    const signed = this.#byId.get(session.id);
    if (signed !== undefined) signed.tokenUntilMs = this.#options.now();
  }

  /**
   * Ends a session and what runs in it. `close` (its client said so) rolls its transaction back; `lose` (it is simply gone)
   * leaves it open with its locks, as Snowflake does.
   */
  async end(session: OpenSession, how: "close" | "lose"): Promise<void> {
    const signed = this.#byId.get(session.id);
    if (signed === undefined) return;
    this.#byId.delete(session.id);
    this.#byToken.delete(signed.token);
    this.#byMaster.delete(signed.masterToken);
    for (const token of [signed.token, signed.masterToken]) this.#ended.add(token);
    while (this.#ended.size > endedMax) this.#ended.delete(this.#ended.values().next().value!);
    await session.end(sessionGone());
    if (how === "close" && session.transaction.id !== null) await session.transaction.rollback();
    await session.transaction.detach();
    await this.#options.forget(session.id);
  }

  /** Oldest first. */
  list(): readonly OpenSession[] {
    return [...this.#byId.values()].map(({ session }) => session);
  }

  get(id: number): OpenSession | null {
    return this.#byId.get(id)?.session ?? null;
  }

  /** Ends all of them. */
  async endAll(): Promise<void> {
    for (const session of this.list()) await this.end(session, "close");
  }

  #giveTokens(signed: Signed): SessionTokens {
    const { now, tokenMs, masterTokenMs } = this.#options;
    this.#byToken.delete(signed.token);
    this.#byMaster.delete(signed.masterToken);
    const token = randomBytes(48).toString("base64url");
    const masterToken = randomBytes(48).toString("base64url");
    Object.assign(signed, {
      token: digestOf(token),
      tokenUntilMs: now() + tokenMs,
      masterToken: digestOf(masterToken),
      masterUntilMs: now() + masterTokenMs,
    });
    this.#byToken.set(signed.token, signed);
    this.#byMaster.set(signed.masterToken, signed);
    return { token, validityMs: tokenMs, masterToken, masterValidityMs: masterTokenMs };
  }

  /** Ends sessions that nobody has used for as long as a master token lives. */
  async #sweep(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#sweptMs < Math.min(sweepMs, this.#options.masterTokenMs)) return;
    this.#sweptMs = now;
    for (const { session, masterUntilMs } of this.#byId.values()) {
      if (Math.max(masterUntilMs, session.lastUsedMs + this.#options.masterTokenMs) <= now) await this.end(session, "lose");
    }
  }
}

/** The token of a request, empty where it has none. */
function tokenIn(authorization: string | undefined): string {
  return /^Snowflake Token="(?<token>[^"]*)"$/.exec(authorization ?? "")?.groups?.["token"] ?? "";
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

/** The error that tells a client that its session is no more. */
export function sessionGone(): SnowflakeError {
  return new SnowflakeError("390111", "08001", "Session no longer exists.  New login required to access the service.");
}

/** The error that tells a client to renew its session's token. */
export function tokenExpired(): SnowflakeError {
  return new SnowflakeError("390112", "08001", "Your session has expired.  Please login again.");
}

function tokenInvalid(): SnowflakeError {
  return new SnowflakeError("390104", "08001", "Session token is not valid.  New login required to access the service.");
}

function masterExpired(): SnowflakeError {
  return new SnowflakeError("390114", "08001", "Authentication token has expired.  The user must authenticate again.");
}

function masterInvalid(): SnowflakeError {
  return new SnowflakeError("390115", "08001", "Master token is not valid.  The user must authenticate again.");
}
