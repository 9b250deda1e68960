import { NotConnected, Terminal } from "../component/errors.ts";
import type { SnowflakeAccount } from "./account.ts";
import type { Bearer } from "./sign-in.ts";

/** A call of the account's REST endpoints. */
export interface RestCall {
  readonly method: "GET" | "POST";
  /** With its slash in front; names in it are percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whose call it is, for messages: `pipe DB.PUBLIC.P`. */
  readonly subject: string;
}

/** What was answered. */
export interface RestAnswer {
  readonly status: number;
  /** JSON; null where the body is none. */
  readonly body: unknown;
}

/** An answer takes milliseconds; after this the connection counts as lost. */
const callDeadlineMs = 30_000;
/** Answers that say more than this, in bytes, are not for us: the longest, a report of 10,000 files, has some megabytes. */
const answerBytesMax = 64 * 2 ** 20;

/**
 * Makes a call with the credentials as they are now. Answers 2xx, 400, 404 and 409: what those mean the caller knows. Throws
 * NotConnected where there is no answer, or one that says later, and Terminal where the account does not let us.
 */
export async function restCall(account: SnowflakeAccount, call: RestCall): Promise<RestAnswer> {
  const { status, text } = await sent(account, call);
  if (status === 401 || status === 403) {
    throw new Terminal(
      status === 401 ? "AuthenticationFailed" : "PrivilegeMissing",
      status === 401
        ? `${call.subject}: REST calls are not let in (401): check user and key, and this machine's clock`
        : `${call.subject}: the role may not do it (403): snowline plan lists the GRANTs it lacks`,
    );
  }
  if (status === 408 || status === 429 || status >= 500 || (status >= 300 && status < 400))
    throw new NotConnected(`${call.subject}: ${account.url} answers ${status}`);
  return { status, body: parsed(text) };
}

async function sent(account: SnowflakeAccount, call: RestCall): Promise<{ readonly status: number; readonly text: string }> {
  const url = `${account.url}${call.path}${call.query === undefined ? "" : `?${new URLSearchParams(call.query).toString()}`}`;
  const headers = headersOf(await account.bearer());
  try {
    const response = await fetch(url, {
      method: call.method,
      headers: { ...headers, ...(call.body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(callDeadlineMs),
    });
    const text = await bounded(response);
    return { status: response.status, text };
  } catch (error) {
    throw noAnswer(error, { subject: call.subject, url: account.url, deadlineMs: callDeadlineMs });
  }
}

function headersOf({ token, type }: Bearer): Record<string, string> {
  return {
    Accept: "application/json",
    "User-Agent": "snowline",
    Authorization: `Bearer ${token}`,
    // A workload identity's token says itself what it is.
    ...(type === "WORKLOAD_IDENTITY" ? {} : { "X-Snowflake-Authorization-Token-Type": type }),
  };
}

async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new RangeError("answer too long");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What the engine should make of a `fetch` that has failed: nothing is known of what it did. Without the cause, which may name the request. */
export function noAnswer(
  error: unknown,
  { subject, url, deadlineMs }: { readonly subject: string; readonly url: string; readonly deadlineMs: number },
): NotConnected {
  const { cause, name } = error as Error;
  const why =
    name === "TimeoutError"
      ? `no answer for ${deadlineMs / 1000} s`
      : ((cause as NodeJS.ErrnoException | undefined)?.code ?? name);
  return new NotConnected(`${subject}: ${url} cannot be reached (${why})`);
}
