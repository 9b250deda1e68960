import { randomUUID } from "node:crypto";
import type { Account } from "../account.ts";
import type { LoadedFile } from "../copy/copy-history.ts";
import type { Route, WireRequest, WireResponse } from "../http/route.ts";
import { SnowflakeError } from "../result.ts";
import { signInByBearer } from "../sign-in/sign-in.ts";
import { objectText } from "../engine/object-name.ts";
import { missing } from "../stages/resolve-stage.ts";
import { Scanner } from "../stages/scanner.ts";
import { pipeSource } from "./pipe-loader.ts";
import type { Pipe } from "./pipe.ts";
import { findPipe } from "./find-pipe.ts";

/** Files that one insertFiles may name, and bytes of a path, as in Snowflake. */
const filesMax = 5_000;
const pathBytesMax = 1_024;
/** loadHistoryScan goes back so far. */
const historyMs = 14 * 24 * 3600 * 1000;

/** Snowpipe's REST endpoints. */
export function pipeRoutes(account: Account): readonly Route[] {
  const path = (action: string): RegExp => new RegExp(`^/v1/data/pipes/(?<pipe>[^/]+)/${action}$`);
  const guarded = (handle: (request: WireRequest, pipe: Pipe) => Promise<WireResponse>) => guard(account, handle);
  return [
    { method: "POST", path: path("insertFiles"), handle: guarded((request, pipe) => insertFiles(account, request, pipe)) },
    { method: "GET", path: path("insertReport"), handle: guarded(async (request, pipe) => insertReport(account, request, pipe)) },
    { method: "GET", path: path("loadHistoryScan"), handle: guarded((request, pipe) => loadHistoryScan(account, request, pipe)) },
  ];
}

function refused(status: number, code: string, message: string): WireResponse {
  return { status, body: { code, message, success: false, data: null } };
}

/** Lets signed-in clients through to a pipe that is there. */
function guard(account: Account, handle: (request: WireRequest, pipe: Pipe) => Promise<WireResponse>) {
  return async (request: WireRequest): Promise<WireResponse> => {
    let role: string;
    try {
      const { user, roleRestriction } = await signInByBearer(account, request.headers);
      role = roleRestriction ?? user.defaultRole ?? "PUBLIC";
    } catch (error) {
      if (!(error instanceof SnowflakeError)) throw error;
      return refused(401, error.code, error.message);
    }
    let pipe: Pipe;
    try {
      const parts = new Scanner(request.groups["pipe"] ?? "").identifierPath();
      pipe = findPipe(parts, { account, session: { database: null, schema: null } });
      const needed = request.method === "POST" ? "OPERATE" : "MONITOR";
      const securable = { kind: "PIPE", name: objectText(pipe.name) };
      // OPERATE allows to look on as well.
      if (![needed, "OPERATE"].some((privilege) => account.catalog.grants.allows(role, privilege, securable)))
        throw missing("Pipe", pipe.name);
    } catch (error) {
      if (!(error instanceof SnowflakeError)) throw error;
      return refused(404, "390404", "Specified object does not exist or not authorized. Pipe not found");
    }
    return handle(request, pipe);
  };
}

async function insertFiles(account: Account, request: WireRequest, pipe: Pipe): Promise<WireResponse> {
  const files = readFiles(await request.json());
  if (files === null) return refused(400, "390400", `insertFiles: the body has to be {"files": [{"path": "…", "size": 1}]}`);
  if (files.length > filesMax)
    return refused(400, "390400", `insertFiles: ${files.length} files: ${filesMax} are allowed in one call`);
  const long = files.find(({ path }) => Buffer.byteLength(path) > pathBytesMax);
  if (long !== undefined)
    return refused(400, "390400", `insertFiles: a path of ${Buffer.byteLength(long.path)} bytes: ${pathBytesMax} are allowed`);
  const source = pipeSource(account, pipe);
  if (source === null) return refused(404, "390404", "insertFiles: the pipe has no stage");
  // Paths begin where the stage does.
  await account.pipes.receive(
    pipe,
    files.map(({ path, size }) => ({ path: `${source.base}${path.replace(/^\/+/, "")}`, bytes: size })),
  );
  return {
    status: 200,
    body: { requestId: requestId(request), status: "success", responseCode: "SUCCESS", unmatchedPatternFiles: [] },
  };
}

function requestId({ url }: WireRequest): string {
  return url.searchParams.get("requestId") ?? randomUUID();
}

function readFiles(body: unknown): readonly { readonly path: string; readonly size: number | null }[] | null {
  const { files } = body as { readonly files?: unknown };
  if (!Array.isArray(files)) return null;
  const read: { readonly path: string; readonly size: number | null }[] = [];
  for (const file of files as readonly unknown[]) {
    const { path, size } = (file ?? {}) as { readonly path?: unknown; readonly size?: unknown };
    if (typeof path !== "string" || path === "") return null;
    read.push({ path, size: typeof size === "number" ? size : null });
  }
  return read;
}

function insertReport(account: Account, request: WireRequest, pipe: Pipe): WireResponse {
  const begin = request.url.searchParams.get("beginMark");
  const mark = begin === null || begin === "" ? null : Number(begin.split("_").at(-1));
  if (mark !== null && !Number.isInteger(mark)) return refused(400, "390400", `insertReport: beginMark ${begin} is none`);
  const { files, nextMark, complete } = account.pipes.reports.read(pipe.id, mark, account.now());
  return {
    status: 200,
    body: {
      pipe: wholeText(pipe),
      completeResult: complete,
      nextBeginMark: `1_${nextMark}`,
      files: files.map((file) => reported(account, pipe, file)),
      statistics: { activeFilesCount: 0 },
    },
  };
}

async function loadHistoryScan(account: Account, request: WireRequest, pipe: Pipe): Promise<WireResponse> {
  const { searchParams } = request.url;
  const from = Date.parse(searchParams.get("startTimeInclusive") ?? "");
  if (Number.isNaN(from))
    return refused(400, "390400", "loadHistoryScan: startTimeInclusive has to be a time such as 2026-01-01T00:00:00.000Z");
  const to = Date.parse(searchParams.get("endTimeExclusive") ?? new Date(account.now()).toISOString());
  const fromMs = Math.max(from, account.now() - historyMs);
  const files = await account.copyHistory.list({ pipe: pipe.name, fromMs, toMs: to });
  return {
    status: 200,
    body: {
      pipe: wholeText(pipe),
      completeResult: true,
      startTimeInclusive: new Date(from).toISOString(),
      endTimeExclusive: new Date(to).toISOString(),
      rangeStartTime: new Date(fromMs).toISOString(),
      rangeEndTime: new Date(to).toISOString(),
      files: files.map((file) => reported(account, pipe, file)),
    },
  };
}

function wholeText({ name }: Pipe): string {
  return `${name.database}.${name.schema}.${name.name}`;
}

/** A file as reports have it: its path begins where the stage does. */
function reported(account: Account, pipe: Pipe, file: LoadedFile): Readonly<Record<string, unknown>> {
  const { firstError } = file;
  const base = pipeSource(account, pipe)?.base ?? "";
  return {
    path: file.path.startsWith(base) ? file.path.slice(base.length) : file.path,
    stageLocation: file.stageLocation,
    fileSize: file.bytes,
    timeReceived: new Date(file.receivedMs ?? file.lastLoadMs).toISOString(),
    lastInsertTime: new Date(file.lastLoadMs).toISOString(),
    rowsInserted: file.rowsLoaded,
    rowsParsed: file.rowsParsed,
    errorsSeen: file.errorsSeen,
    errorLimit: file.errorLimit,
    complete: true,
    status: file.status,
    ...(firstError === null
      ? {}
      : {
          firstError: firstError.message,
          firstErrorLineNum: firstError.line,
          firstErrorCharacterPos: firstError.character,
          firstErrorColumnName: firstError.column,
        }),
  };
}
