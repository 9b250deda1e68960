import { NotConnected, Terminal } from "../../../component/errors.ts";
import type { SnowflakeAccount } from "../../../snowflake/account.ts";
import { noAnswer } from "../../../snowflake/rest-call.ts";
import type { WholeName } from "../sink-names.ts";
import { pause } from "./pause.ts";
import {
  type ChannelStatus,
  channelStatus,
  codeOf,
  type IngestAnswer,
  isFenced,
  members,
  mustReopen,
  textOf,
  unexpected,
  wordOf,
} from "./ingest-answer.ts";

/** An answer takes milliseconds, an append of 4 MB some seconds over a slow line; after this what it did is not known. */
const callDeadlineMs = 60_000;
/** A refusal that says later is tried again after this time, doubled each time, so often: about 12 s altogether. */
const laterMs = 100;
const laterMsMax = 2000;
const attemptsMax = 10;
/** The ingest host and the scoped token are asked for anew after this time; the token is good for an hour. */
const tokenMs = 45 * 60_000;
/** Names in one status request. */
const namesMax = 500;

/** How an append was answered. Where it throws, what it did is not known. */
export type Appended =
  /** The rows are taken, not committed. */
  | { readonly kind: "taken"; readonly continuation: string }
  /** Somebody else has opened the channel since. */
  | { readonly kind: "fenced" }
  /** Nothing was taken; the channel has to be opened again. */
  | { readonly kind: "invalid"; readonly code: string };

/** Rows for a channel. */
export interface Append {
  readonly channel: string;
  readonly continuation: string;
  /** Offset tokens; null: none. */
  readonly from: string | null;
  readonly to: string;
  /** Newline-delimited JSON, zstd. */
  readonly body: Buffer;
}

interface Host {
  readonly origin: string;
  readonly token: string;
  readonly untilMs: number;
}

/** What the client works with. */
export interface IngestClientOptions {
  readonly account: SnowflakeAccount;
  readonly pipe: WholeName;
  /** Aborted when the sink is to end: calls end then, and what they did is not known. */
  readonly signal: AbortSignal;
  now(): number;
}

/**
 * Snowpipe Streaming's REST API for one pipe. Throws NotConnected where there is no answer or one that says later, and Terminal where
 * the account does not let us. Credentials are read again for each scoped token.
 */
export class IngestClient {
  readonly #options: IngestClientOptions;
  readonly #subject: string;
  #host: Host | null = null;

  constructor(options: IngestClientOptions) {
    this.#options = options;
    this.#subject = `pipe ${options.pipe.sql}`;
  }

  /** Opens the channel, made if absent: from now on nobody who opened it before can append, and rows that are not committed are gone. */
  async open(channel: string): Promise<{ readonly continuation: string; readonly status: ChannelStatus }> {
    const answer = await this.#patiently("PUT", `/v2/streaming${this.#channelPath(channel)}`, { body: "{}", inProgress: true });
    if (answer.status >= 300) throw unexpected(this.#subject, answer);
    const { next_continuation_token: continuation, channel_status: status } = members(answer.body);
    return { continuation: textOf(continuation), status: channelStatus(status) };
  }

  async append({ channel, continuation, from, to, body }: Append): Promise<Appended> {
    const query = new URLSearchParams({ continuationToken: continuation, endOffsetToken: to });
    if (from !== null) query.set("startOffsetToken", from);
    const path = `/v2/streaming/data${this.#channelPath(channel)}/rows?${query.toString()}`;
    const answer = await this.#patiently("POST", path, { body, type: "application/x-ndjson", encoding: "zstd" });
    if (answer.status < 300) {
      return { kind: "taken", continuation: textOf(members(answer.body)["next_continuation_token"]) };
    }
    if (isFenced(answer)) return { kind: "fenced" };
    if (answer.status < 500 && mustReopen(answer)) return { kind: "invalid", code: codeOf(answer) };
    throw unexpected(this.#subject, answer);
  }

  /** The channels' statuses; one that is not there has none. */
  async statuses(channels: readonly string[]): Promise<ReadonlyMap<string, ChannelStatus>> {
    const found = new Map<string, ChannelStatus>();
    for (let at = 0; at < channels.length; at += namesMax) {
      const body = JSON.stringify({ channel_names: channels.slice(at, at + namesMax) });
      const answer = await this.#patiently("POST", `/v2/streaming${this.#pipePath}:bulk-channel-status`, { body });
      if (answer.status >= 300) throw unexpected(this.#subject, answer);
      const statuses = Object.entries(members(members(answer.body)["channel_statuses"]));
      for (const [name, status] of statuses) found.set(name, channelStatus(status));
    }
    return found;
  }

  get #pipePath(): string {
    const { database, schema, name } = this.#options.pipe;
    const part = encodeURIComponent;
    return `/databases/${part(database)}/schemas/${part(schema)}/pipes/${part(name)}`;
  }

  #channelPath(channel: string): string {
    return `${this.#pipePath}/channels/${encodeURIComponent(channel)}`;
  }

  /** Repeats what was refused without an effect: too many requests, an expired token, another one's opening in progress. */
  async #patiently(method: string, path: string, request: IngestRequest): Promise<IngestAnswer> {
    let refreshed = false;
    for (let attempt = 1, pauseMs = laterMs; ; attempt++, pauseMs = Math.min(pauseMs * 2, laterMsMax)) {
      const host = await this.#hostNow();
      const answer = await this.#call(`${host.origin}${path}`, method, {
        ...request,
        authorization: { token: host.token, type: null },
      });
      if (answer.status === 401 && !refreshed) {
        refreshed = true;
        this.#host = null;
        continue;
      }
      const busy = request.inProgress === true && codeOf(answer) === "ERR_OPEN_CHANNEL_IN_PROGRESS";
      if (answer.status !== 429 && !busy) return answer;
      if (attempt === attemptsMax)
        throw new NotConnected(`${this.#subject}: the ingest host answers ${answer.status} again and again (${codeOf(answer)})`);
      await pause(pauseMs, this.#options.signal);
    }
  }

  async #hostNow(): Promise<Host> {
    if (this.#host !== null && this.#options.now() < this.#host.untilMs) return this.#host;
    const { account, now } = this.#options;
    const bearer = await account.bearer();
    if (bearer.type === "WORKLOAD_IDENTITY")
      throw new Terminal(
        "SignInUnsupported",
        `${this.#subject}: Snowpipe Streaming takes no workload identity: use auth.keyPair, or load.copy`,
      );
    const authorization = { token: bearer.token, type: bearer.type };
    const named = await this.#call(`${account.url}/v2/streaming/hostname`, "GET", { authorization });
    if (named.status >= 300) throw unexpected(`account ${account.url}`, named);
    const host = wordOf(named, ["hostname"]).replaceAll("_", "-");
    const form = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", scope: host }).toString();
    const exchanged = await this.#call(`${account.url}/oauth/token`, "POST", {
      authorization,
      body: form,
      type: "application/x-www-form-urlencoded",
    });
    if (exchanged.status >= 300) throw unexpected(`account ${account.url}`, exchanged);
    const origin = `${new URL(account.url).protocol}//${host}`;
    this.#host = { origin, token: wordOf(exchanged, ["token", "access_token"]), untilMs: now() + tokenMs };
    return this.#host;
  }

  async #call(
    url: string,
    method: string,
    request: IngestRequest & { readonly authorization: Authorization },
  ): Promise<IngestAnswer> {
    const { token, type } = request.authorization;
    const headers: Record<string, string> = {
      Accept: "application/json",
      "User-Agent": "snowline",
      Authorization: `Bearer ${token}`,
      ...(type === null ? {} : { "X-Snowflake-Authorization-Token-Type": type }),
      ...(request.body === undefined ? {} : { "Content-Type": request.type ?? "application/json" }),
      ...(request.encoding === undefined ? {} : { "Content-Encoding": request.encoding }),
    };
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(callDeadlineMs), this.#options.signal]),
      });
      const text = await response.text();
      return { status: response.status, text, body: parsed(text) };
    } catch (error) {
      throw noAnswer(error, { subject: this.#subject, url: new URL(url).origin, deadlineMs: callDeadlineMs });
    }
  }
}

interface Authorization {
  readonly token: string;
  readonly type: string | null;
}

interface IngestRequest {
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly encoding?: string;
  /** True: another client that opens the channel right now is waited for. */
  readonly inProgress?: boolean;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
