import type { SessionBounds } from "../../snowflake/account.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { lockTimeoutMs } from "./lock-wait.ts";
import { endOwn } from "./own-transaction.ts";
import { steeredRefusal } from "./refusal.ts";
import type { SinkSetup } from "./sink-setup.ts";

/** For statements about names and positions. */
const usualBounds: SessionBounds = { lockTimeoutMs, longestStatementMs: 180_000 };

/** A session that nobody has used for this long may be over: Snowflake's session policies end idle ones after 5 minutes at the earliest. */
const idleMsMax = 240_000;

/**
 * A session that is opened when it is needed, and anew, with the credentials of then, after it was lost or lay idle: nothing keeps
 * it alive between batches. Signing in wakes no warehouse.
 */
export class OpenSession implements AsyncDisposable {
  readonly #setup: SinkSetup;
  readonly #bounds: SessionBounds;
  #session: SnowflakeSession | null = null;
  #usedMs = 0;
  /** True until a session that follows another one has cleaned up behind it. */
  #anew = false;

  constructor(setup: SinkSetup, bounds = usualBounds) {
    this.#setup = setup;
    this.#bounds = bounds;
  }

  /** A session that is alive as far as one knows. Throws what signing in throws. */
  async get(): Promise<SnowflakeSession> {
    const { account, context, tag } = this.#setup;
    const idleMs = context.now() - this.#usedMs;
    this.#usedMs = context.now();
    if (this.#session?.alive === true && idleMs < idleMsMax) return this.#session;
    this.#anew ||= this.#session !== null;
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = null;
    const session = await account.openSession(tag, this.#bounds);
    // Else the outcome of a COMMIT that nobody answered would stay open, and the locks taken.
    try {
      if (this.#anew) await endOwn(session, this.#setup);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    this.#anew = false;
    this.#session = session;
    return session;
  }

  /** Runs statements in it. What Snowflake refuses here is nothing that waiting helps against: the engine is told so. */
  async run<T>(work: (session: SnowflakeSession) => Promise<T>): Promise<T> {
    const session = await this.get();
    try {
      return await work(session);
    } catch (error) {
      throw steeredRefusal(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.[Symbol.asyncDispose]();
  }
}
