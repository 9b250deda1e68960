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
import type { PipeLoad, PipeLoader } from "./pipes.ts";

/** How the account's pipes load. */
export function pipeLoader(account: Account): PipeLoader {
  return {
    now: () => account.now(),
    load: (load) => loadPipeFiles(account, load),
    isSource(pipe, bucket, path) {
      const source = pipeSource(account, pipe);
      return source !== null && source.bucket === bucket && path.startsWith(`${source.base}${source.path}`);
    },
    listen: (listener) => account.stages.listen(listener),
  };
}

/** Between attempts, in milliseconds: long enough for a lock or a session of a test to go. */
const attemptPauseMs = 200;

/** The user that pipes load as. */
const systemUser = "SYSTEM";

/** No session of a client has it. */
const pipeSessionId = 0;

/**
 * Loads files of a pipe in one transaction. The answer is what became of them, without those that the table has already;
 * "stopped" where the signal ended it.
 */
async function loadPipeFiles(account: Account, load: PipeLoad): Promise<readonly LoadedFile[] | "stopped"> {
  const { pipe, files, signal, attemptsMax } = load;
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
  const call = {
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
        return await loadOnce(call, pipe, files);
      } catch (error) {
        if (signal.aborted) return "stopped";
        // One of them may be the reason.
        if (files.length > 1) return await loadEach(account, load);
        if (attempt === attemptsMax) return await failures(call, { pipe, files, error });
        await setTimeout(attemptPauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    await transaction.detach();
  }
}

async function loadEach(account: Account, load: PipeLoad): Promise<readonly LoadedFile[] | "stopped"> {
  const loaded: LoadedFile[] = [];
  for (const file of load.files) {
    const one = await loadPipeFiles(account, { ...load, files: [file] });
    if (one === "stopped") return one;
    loaded.push(...one);
  }
  return loaded;
}

async function loadOnce(call: StatementCall, pipe: Pipe, files: readonly PipeFile[]): Promise<readonly LoadedFile[]> {
  const received = new Map(files.map(({ path, receivedMs }) => [path, receivedMs]));
  const paths = files.map(({ path }) => path);
  const statement = pipeStatement(pipe.definition, paths, call);
  const receivedMs = (path: string): number => received.get(path) ?? call.account.now();
  const { history, location } = await copyIntoTable(call, { statement, pipe: { name: pipe.name, receivedMs } });
  const done = new Set(history.map(({ path }) => path));
  const gone: PipeFile[] = [];
  for (const file of files) {
    if (!done.has(file.path) && (await call.account.stages.buckets.find(location.bucket, file.path)) === null) gone.push(file);
  }
  const missing: LoadedFile[] = [];
  for (const file of gone)
    missing.push(...(await failures(call, { pipe, files: [file], error: noSuchFile(location, file.path) })));
  return [...history, ...missing];
}

/** The COPY of a pipe for files whose paths begin where their bucket does. */
function pipeStatement(definition: string, paths: readonly string[], call: StatementCall): LoadStatement {
  const read = readCopy(definition);
  if (!("load" in read)) throw new SnowflakeError("001003", "42000", "SQL compilation error:\nA pipe copies into a table.");
  const { load } = read;
  const location = resolveStage(load.stage, call);
  const prefix = `${location.base}${location.path}`;
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const names = paths.map((path) => (path.startsWith(folder) ? path.slice(folder.length) : path));
  const { onError } = load.options;
  // ABORT_STATEMENT is what COPY does by default, which a pipe cannot.
  const skipped = onError.kind === "ABORT_STATEMENT" ? ({ kind: "SKIP_FILE", limit: 1, percent: null } as const) : onError;
  return { ...load, options: { ...load.options, files: names, onError: skipped, purge: false, force: false, sizeLimit: null } };
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
  readonly files: readonly PipeFile[];
  readonly error: unknown;
}

/** Writes down that files were not loaded, as far as it is known where they should have gone. */
async function failures(call: StatementCall, { pipe, files, error }: Failure): Promise<readonly LoadedFile[]> {
  const { account, queryId } = call;
  const location = pipeSource(account, pipe);
  const read = location === null ? null : readCopy(pipe.definition);
  if (location === null || read === null || !("load" in read)) return [];
  const facts = tableFacts(call, read.load.table);
  const message = error instanceof Error ? error.message : String(error);
  const failed = files.map(({ path, bytes, receivedMs }): LoadedFile => ({
    ...facts,
    stageKey: location.bucket,
    stageLocation: location.shown,
    path,
    etag: "",
    bytes: bytes ?? 0,
    status: "LOAD_FAILED",
    rowsParsed: 0,
    rowsLoaded: 0,
    errorsSeen: 1,
    errorLimit: 1,
    firstError: { message, line: 0, character: 0, column: "" },
    lastLoadMs: account.now(),
    pipe: pipe.name,
    receivedMs,
    queryId,
  }));
  await account.copyHistory.addFailed(failed);
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
