import { NotConnected, Terminal } from "../../../component/errors.ts";

/** An answer of the ingest host. */
export interface IngestAnswer {
  readonly status: number;
  /** JSON; null where the body is none. */
  readonly body: unknown;
  readonly text: string;
}

/** A channel's status. Older and newer servers name some members differently. */
export interface ChannelStatus {
  readonly token: string | null;
  /** Rejected rows since the channel was made. */
  readonly errors: number;
  readonly createdMs: number;
  readonly valid: boolean;
  readonly code: string;
}

/** Codes by which the server says that somebody else has opened the channel since. */
const fencedCodes = new Set(["STALE_CONTINUATION_TOKEN_SEQUENCER", "ERR_CHANNEL_HAS_INVALID_CLIENT_SEQUENCER"]);
const validCodes = new Set(["SUCCESS", "ACTIVE"]);

/** A code is one word; what is not may quote a row. */
const isCode = (value: unknown): value is string => typeof value === "string" && /^\w{1,100}$/.test(value);

/** The error code of an answer: `{code}`, `{error_code}`, or the bare text; empty where it has none. */
export function codeOf({ body, text }: IngestAnswer): string {
  const { code, error_code: other } = members(body);
  return [code, other, body, text].find(isCode) ?? "";
}

/** True where somebody else has opened the channel since. */
export function isFenced(answer: IngestAnswer): boolean {
  return answer.status >= 400 && answer.status < 500 && fencedCodes.has(codeOf(answer));
}

/** True where the channel has to be opened again before it takes rows. */
export function mustReopen(answer: IngestAnswer): boolean {
  const code = codeOf(answer);
  return answer.status === 409 || code.startsWith("ERR_CHANNEL_") || code === "STALE_PIPE_CACHE";
}

/** What an answer means that no caller knows what to do with. */
export function unexpected(subject: string, answer: IngestAnswer): Error {
  const { status } = answer;
  if (status === 401)
    return new Terminal(
      "AuthenticationFailed",
      `${subject}: streaming is not let in (401): check user and key, and this machine's clock`,
    );
  if (status === 403)
    return new Terminal("PrivilegeMissing", `${subject}: the role may not do it (403): snowline plan lists the GRANTs it lacks`);
  if (status === 408 || status === 429 || status >= 500) return new NotConnected(`${subject}: the ingest host answers ${status}`);
  return new Terminal(
    "StreamingRefused",
    `${subject}: refused (${status}, ${codeOf(answer) || "no code"}): check that table and pipe are there, and their names`,
  );
}

/** Reads a channel's status. */
export function channelStatus(body: unknown): ChannelStatus {
  const said = members(body);
  const token = said["last_committed_offset_token"] ?? said["last_commited_offset_token"];
  const code = textOf(said["channel_status_code"]);
  return {
    token: typeof token === "string" && token !== "" ? token : null,
    errors: Number(said["rows_error_count"] ?? said["rows_errors"] ?? 0),
    createdMs: Number(said["created_on_ms"] ?? 0),
    valid: validCodes.has(code),
    code,
  };
}

/** The members of a JSON object; none where it is no object. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The value where it is a text, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The one word of an answer: a member of these names, a JSON text, or the bare text, as the copies of the documentation have it. */
export function wordOf({ body, text }: IngestAnswer, names: readonly string[]): string {
  const said = names.map((name) => textOf(members(body)[name])).find((word) => word !== "");
  return (said ?? (textOf(body) || text)).trim();
}
