import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Account } from "../account.ts";
import type { LoadedFile } from "../copy/copy-history.ts";
import { copyIntoTable, noSuchFile, tableOf } from "../copy/copy-into-table.ts";
import { type LoadStatement, readCopy } from "../copy/copy-statement.ts";
import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import type { StageLocation } from "../stages/stage.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { Pipe, PipeFile } from "./pipe.ts";

/** What a pipe's load is about. */
export interface PipeLoad {
  readonly pipe: Pipe;
  readonly file: PipeFile;
  readonly signal: AbortSignal;
  readonly attemptsMax: number;
}

/** Between attempts, in milliseconds: long enough for a lock or a session of a test to go. */
const attemptPauseMs = 200;

/** The user that pipes load as. */
const systemUser = "SYSTEM";

/** Loads a file of a pipe. The answer is what became of it: null where the table has it already, "stopped" where the signal ended it. */
export async function loadPipeFiles(
  account: Account,
  { pipe, file, signal, attemptsMax }: PipeLoad,
): Promise<LoadedFile | null | "stopped"> {
  const { database, schema } = pipe.name;
  const transaction = await account.transactions.open({ sessionId: pipeSessionId, user: systemUser });
  const session: Session = {
    id: pipeSessionId,
    user: systemUser,
    role: pipe.owner,
    database,
    schema,
    warehouse: null,
    parameters: new Map(),
    transaction,
  };
  const call: StatementCall = {
    text: pipe.definition,
    binds: [],
    account,
    session,
    queryId: randomUUID(),
    origin: "",
    signal,
    describeOnly: false,
  };
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await load(call, pipe, file);
      } catch (error) {
        if (signal.aborted) return "stopped";
        if (attempt === attemptsMax) return await failure(call, { pipe, file, error });
        await setTimeout(attemptPauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    await transaction.detach();
  }
}

/** No session of a client has it. */
const pipeSessionId = 0;

async function load(call: StatementCall, pipe: Pipe, file: PipeFile): Promise<LoadedFile | null> {
  const statement = pipeStatement(pipe.definition, file.path, call);
  const { files } = await copyIntoTable(call, { statement, pipe: { name: pipe.name, receivedMs: () => file.receivedMs } });
  if (files.length > 0) {
    const history = await call.account.copyHistory.list({ pipe: pipe.name, fromMs: file.receivedMs });
    return history.findLast(({ path }) => path === file.path) ?? null;
  }
  const location = resolveStage(statement.stage, call);
  if ((await call.account.stages.buckets.find(location.bucket, file.path)) !== null) return null;
  throw noSuchFile(location, file.path);
}

/** The COPY of a pipe for one file, whose path begins where its bucket does. */
function pipeStatement(definition: string, path: string, call: StatementCall): LoadStatement {
  const read = readCopy(definition);
  if (!("load" in read)) throw new SnowflakeError("001003", "42000", "SQL compilation error:\nA pipe copies into a table.");
  const { load } = read;
  const location = resolveStage(load.stage, call);
  const prefix = `${location.base}${location.path}`;
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const name = path.startsWith(folder) ? path.slice(folder.length) : path;
  const { onError } = load.options;
  // ABORT_STATEMENT is what COPY does by default, which a pipe cannot.
  const skipped = onError.kind === "ABORT_STATEMENT" ? ({ kind: "SKIP_FILE", limit: 1, percent: null } as const) : onError;
  return { ...load, options: { ...load.options, files: [name], onError: skipped, purge: false, force: false, sizeLimit: null } };
}

/** Where a pipe's files are; null where its stage is not there, or it has none as one for streaming. */
export function pipeSource(account: Account, { definition, name, owner }: Pipe): StageLocation | null {
  try {
    const read = readCopy(definition);
    if (!("load" in read)) return null;
    const session = { id: pipeSessionId, user: systemUser, role: owner, database: name.database, schema: name.schema };
    return resolveStage(read.load.stage, { account, session });
  } catch (error) {
    if (error instanceof SnowflakeError) return null;
    throw error;
  }
}

interface Failure {
  readonly pipe: Pipe;
  readonly file: PipeFile;
  readonly error: unknown;
}

/** Writes down that a file was not loaded, as far as it is known where it should have gone. */
async function failure(call: StatementCall, { pipe, file, error }: Failure): Promise<LoadedFile | null> {
  const { account } = call;
  const location = pipeSource(account, pipe);
  const read = location === null ? null : readCopy(pipe.definition);
  if (location === null || read === null || !("load" in read)) return null;
  const failed: LoadedFile = {
    ...tableFacts(call, read.load.table),
    stageKey: location.bucket,
    stageLocation: location.shown,
    path: file.path,
    etag: "",
    bytes: file.bytes ?? 0,
    status: "LOAD_FAILED",
    rowsParsed: 0,
    rowsLoaded: 0,
    errorsSeen: 1,
    errorLimit: 1,
    firstError: { message: error instanceof Error ? error.message : String(error), line: 0, character: 0, column: "" },
    lastLoadMs: account.now(),
    pipe: pipe.name,
    receivedMs: file.receivedMs,
    queryId: call.queryId,
  };
  await account.copyHistory.addFailed([failed]);
  return failed;
}

function tableFacts(call: StatementCall, parts: readonly string[]): Pick<LoadedFile, "tableId" | "table"> {
  try {
    const { id, name } = tableOf(call, parts);
    return { tableId: id, table: name };
  } catch {
    const [name = "", schema = call.session.schema ?? "", database = call.session.database ?? ""] = parts.toReversed();
    return { tableId: -1, table: { database, schema, name } };
  }
}
