import { isUtf8 } from "node:buffer";
import type { Account } from "../account.ts";
import { type ObjectName, objectText } from "../engine/object-name.ts";
import { BadRequest, type Route, type WireRequest, type WireResponse } from "../http/route.ts";
import { SnowflakeError } from "../result.ts";
import { signInByBearer } from "../sign-in/sign-in.ts";
import type { SignedIn } from "../sign-in/signed-in.ts";
import { type ChannelKey, channelStatus, keyText } from "./channel.ts";
import { refused } from "./refused.ts";
import { streamingPipe } from "./streaming-pipe.ts";

/** Bytes of an append as they are sent, compressed: Snowflake's hard limit. */
const appendBytesMax = 4 * 1024 * 1024;
/** Bytes that an append may unpack to: rows compress well, but not a hundred times. */
const unpackedBytesMax = 100 * appendBytesMax;
const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const schema = "/v2/streaming/databases/(?<database>[^/]+)/schemas/(?<schema>[^/]+)/pipes/(?<pipe>[^/:]+)";
const data =
  "/v2/streaming/data/databases/(?<database>[^/]+)/schemas/(?<schema>[^/]+)/pipes/(?<pipe>[^/]+)/channels/(?<channel>[^/]+)/rows";
const channelPath = new RegExp(`^${schema}/channels/(?<channel>[^/]+)$`);

/** The endpoints of Snowpipe Streaming's REST API. */
export function streamingRoutes(account: Account): readonly Route[] {
  const guarded = (handle: Guarded) => guard(account, handle);
  return [
    { method: "GET", path: /^\/v2\/streaming\/hostname$/, handle: guarded(async (request) => hostname(account, request)) },
    { method: "POST", path: /^\/oauth\/token$/, handle: answering((request) => exchange(account, request)) },
    { method: "PUT", path: channelPath, handle: guarded((request, role) => open({ account, role }, request)) },
    { method: "DELETE", path: channelPath, handle: guarded((request, role) => drop({ account, role }, request)) },
    {
      method: "POST",
      path: new RegExp(`^${data}$`),
      bodyBytesMax: unpackedBytesMax,
      handle: guarded((request, role) => append({ account, role }, request)),
    },
    {
      method: "POST",
      path: new RegExp(`^${schema}(?::|%3A)bulk-channel-status$`, "i"),
      handle: guarded((request, role) => statuses({ account, role }, request)),
    },
  ];
}

interface Caller {
  readonly account: Account;
  readonly role: string;
}

/** Answers a sign-in that failed as the API does. */
function answering(handle: (request: WireRequest) => Promise<WireResponse>): (request: WireRequest) => Promise<WireResponse> {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (error instanceof SnowflakeError) return { status: 401, body: { code: error.code, message: error.message } };
      throw error;
    }
  };
}

/** Lets signed-in clients through: with a scoped token, or with what a scoped token is got for. */
function guard(account: Account, handle: Guarded): (request: WireRequest) => Promise<WireResponse> {
  return answering(async (request) => {
    const token = /^Bearer\s+(?<token>\S+)$/i.exec(request.headers.authorization ?? "")?.groups?.["token"] ?? "";
    const role = account.channels.tokens.roleOf(token) ?? roleOf(await signInByBearer(account, request.headers));
    return handle(request, role);
  });
}

type Guarded = (request: WireRequest, role: string) => Promise<WireResponse>;

/** Requests of this API name no role. */
function roleOf({ user, roleRestriction }: SignedIn): string {
  return roleRestriction ?? user.defaultRole ?? "PUBLIC";
}

function hostname({ channels }: Account, { url }: WireRequest): WireResponse {
  return channels.hostname === "json"
    ? { status: 200, body: { hostname: url.host } }
    : { status: 200, headers: { "content-type": "text/plain" }, body: url.host };
}

async function exchange(account: Account, request: WireRequest): Promise<WireResponse> {
  const form = new URLSearchParams((await request.body()).toString());
  if (form.get("grant_type") !== grantType || form.get("scope") === null)
    throw new BadRequest(400, "INVALID_REQUEST", `grant_type has to be ${grantType}, and scope the ingest host`);
  const token = account.channels.tokens.issue(roleOf(await signInByBearer(account, request.headers)));
  return account.channels.hostname === "json"
    ? { status: 200, body: { token } }
    : { status: 200, headers: { "content-type": "text/plain" }, body: token };
}

async function open({ account, role }: Caller, request: WireRequest): Promise<WireResponse> {
  const key = keyOf(request, { account, role });
  pass(account, key);
  const said = record(await request.json());
  const offsetToken = typeof said["offset_token"] === "string" ? said["offset_token"] : null;
  const failOnUncommitted = said["fail_on_uncommitted_rows"] === true;
  const { state, token } = await account.channels.openChannel(key, { offsetToken, failOnUncommitted });
  return { status: 200, body: { next_continuation_token: token, channel_status: channelStatus(state) } };
}

async function drop({ account, role }: Caller, request: WireRequest): Promise<WireResponse> {
  const key = keyOf(request, { account, role });
  pass(account, key);
  await account.channels.drop(key, record(await request.json())["fail_on_uncommitted_rows"] === true);
  return { status: 200, body: {} };
}

async function append({ account, role }: Caller, request: WireRequest): Promise<WireResponse> {
  const key = keyOf(request, { account, role });
  pass(account, key);
  const path = `POST ${request.url.pathname}`;
  if (account.faults.take(["throttle"], { path }) !== null) throw refused.throttled();
  const sent = Number(request.headers["content-length"] ?? 0);
  if (sent > appendBytesMax)
    throw new BadRequest(413, "ERR_PAYLOAD_TOO_LARGE", `The request has ${sent} bytes; at most ${appendBytesMax} are taken`);
  const parameters = request.url.searchParams;
  const token = account.channels.append(key, {
    continuationToken: parameters.get("continuationToken"),
    startOffsetToken: parameters.get("startOffsetToken"),
    endOffsetToken: parameters.get("endOffsetToken") ?? parameters.get("offsetToken"),
    lines: textOf(await request.body()),
    path,
  });
  return { status: 200, body: { next_continuation_token: token } };
}

async function statuses({ account, role }: Caller, request: WireRequest): Promise<WireResponse> {
  const names = record(await request.json())["channel_names"];
  if (!Array.isArray(names)) throw new BadRequest(400, "ERR_MALFORMED_REQUEST", "channel_names has to be a list of names");
  const found = account.channels.statuses(pipeOf(request, { account, role }), names.map(String));
  const body = Object.fromEntries([...found].map(([name, state]) => [name, channelStatus(state)]));
  return { status: 200, body: { channel_statuses: body } };
}

/** The pipe's name as it is stored. Refuses where the role may not use it. */
function pipeOf({ groups }: WireRequest, { account, role }: Caller): ObjectName {
  const said = { database: groups["database"] ?? "", schema: groups["schema"] ?? "", name: groups["pipe"] ?? "" };
  const { pipe, table, isOwn } = streamingPipe(said, account);
  const on = isOwn ? { kind: "TABLE", name: objectText(table.name) } : { kind: "PIPE", name: objectText(pipe) };
  const privilege = isOwn ? "INSERT" : "OPERATE";
  if (!account.catalog.grants.allows(role, privilege, on)) throw refused.notAllowed(privilege, on.name);
  return pipe;
}

function keyOf(request: WireRequest, caller: Caller): ChannelKey {
  return { pipe: pipeOf(request, caller), channel: request.groups["channel"] ?? "" };
}

function pass({ channels }: Account, key: ChannelKey): void {
  if (!channels.throttle.pass(keyText(key))) throw refused.throttled();
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Lines that are not UTF-8 become their base64, which is no JSON object: each is rejected by itself. */
function textOf(body: Buffer): string {
  if (isUtf8(body)) return body.toString();
  const lines: string[] = [];
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(0x0a, start);
    const line = body.subarray(start, end < 0 ? body.length : end);
    lines.push(isUtf8(line) ? line.toString() : line.toString("base64"));
    start = end < 0 ? body.length : end + 1;
  }
  return lines.join("\n");
}
