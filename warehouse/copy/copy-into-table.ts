import { requireOnObject } from "../statements/privileges.ts";
import { requireStage } from "../stages/stage-privileges.ts";
import { missing, resolveStage, wholeObjectName } from "../stages/resolve-stage.ts";
import { resolveFormat } from "../stages/file-format.ts";
import type { StageFile, StageLocation } from "../stages/stage.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { SnowflakeError } from "../result.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { ObjectName } from "../engine/object-name.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { LoadedFile } from "./copy-history.ts";
import type { LoadStatement } from "./copy-statement.ts";
import { type HeldFile, HeldFiles } from "./held-files.ts";
import { type FileOutcome, loadFile, type LoadFileOptions } from "./load-file.ts";
import { runWork } from "../statements/run-work.ts";
import { transformQuery } from "./transform-query.ts";

/** Which files a load takes, and for whom. */
export interface CopyOptions {
  readonly statement: LoadStatement;
  /** The pipe that loads, and when it was told of each file; null for COPY. */
  readonly pipe: { readonly name: ObjectName; receivedMs(path: string): number } | null;
}

/** What a load did. */
export interface CopyOutcome {
  readonly location: StageLocation;
  readonly table: TableDefinition;
  readonly files: readonly FileOutcome[];
  /** As COPY_HISTORY has them. */
  readonly history: readonly LoadedFile[];
}

/** Loads files of a stage into a table, in the session's transaction. Throws SnowflakeError. */
export async function copyIntoTable(call: StatementCall, { statement, pipe }: CopyOptions): Promise<CopyOutcome> {
  const { account, session } = call;
  const table = tableOf(call, statement.table);
  const location = resolveStage(statement.stage, call);
  requireOnObject(call, "INSERT", { kind: "TABLE", name: table.name });
  requireStage(call, location, "READ");
  const format = resolveFormat({ choice: statement.options.format, stage: location.stage, account, session });
  const transform = statement.query === null ? null : await transformQuery(call, statement.query, format);
  const shown = ({ path }: { readonly path: string }): string => shownPath(location, path);
  const held = new HeldFiles(account.stages.buckets);
  try {
    const files = await holdFiles(call, {
      statement,
      location,
      held,
      compression: format.type === "PARQUET" ? "NONE" : format.compression,
    });
    const failures: FileOutcome[] = [];
    const load = {
      statement,
      table,
      format,
      transform,
      shown,
      failed: (outcome: FileOutcome) => void failures.push(outcome),
    };
    const history = (outcome: FileOutcome): LoadedFile => historyOf(call, { outcome, location, table, pipe });
    let outcomes: readonly FileOutcome[];
    try {
      outcomes = await runWork(call, {
        reads: [],
        writes: [{ table: table.name, access: "append" }],
        run: (into) => loadFiles(call, { files, load: { ...load, into }, history, stageKey: location.bucket }),
      });
    } catch (error) {
      // The transaction keeps nothing of it, the history does.
      await account.copyHistory.addFailed(failures.slice(-1).map(history));
      throw error;
    }
    if (statement.options.purge) await purge(call, location, outcomes);
    return { location, table, files: outcomes, history: outcomes.map(history) };
  } finally {
    await held.release(session.transaction);
  }
}

interface LoadWork {
  readonly files: readonly HeldFile[];
  readonly load: Omit<LoadFileOptions, "connection">;
  history(outcome: FileOutcome): LoadedFile;
  readonly stageKey: string;
}

/** Loads what the table does not have, and writes down that it has it now. */
async function loadFiles(
  { account }: StatementCall,
  { files, load, history, stageKey }: LoadWork,
): Promise<readonly FileOutcome[]> {
  const { force, sizeLimit } = load.statement.options;
  const loaded = force ? new Map<string, string>() : await account.copyHistory.loaded(load.into, load.table.id, account.now());
  const chosen = files.filter(({ path, etag }) => loaded.get(`${stageKey}/${path}`) !== etag);
  const outcomes: FileOutcome[] = [];
  // Opened here: this runs again, perhaps long after the statement has ended.
  const connection = await account.store.connect();
  try {
    for (const file of limited(chosen, sizeLimit)) outcomes.push(await loadFile(file, { ...load, connection }));
  } finally {
    connection.closeSync();
  }
  await account.copyHistory.add(load.into, outcomes.map(history));
  return outcomes;
}

/** The table of this name. Throws SnowflakeError 002003 where there is none. */
export function tableOf(
  { account, session }: Pick<StatementCall, "account" | "session">,
  parts: readonly string[],
): TableDefinition {
  const name = wholeObjectName(parts, session);
  const table = account.catalog.table(name, session.id);
  if (table === null) throw missing("Table", name);
  return table;
}

/** A file as COPY and its errors show it. */
export function shownPath(location: StageLocation, path: string): string {
  return location.kind === "external" ? `${location.label}${path}` : path;
}

interface FileChoice {
  readonly statement: LoadStatement;
  readonly location: StageLocation;
  readonly held: HeldFiles;
  readonly compression: Parameters<HeldFiles["hold"]>[1];
}

/** Holds the files that the statement is about. Throws SnowflakeError for a named one that is not there. */
export async function holdFiles(
  call: StatementCall,
  { statement, location, held, compression }: FileChoice,
): Promise<readonly HeldFile[]> {
  const { files: named, pattern, onError } = statement.options;
  const found: StageFile[] = [];
  if (named === null) {
    found.push(...(await stageFiles(call, location, pattern)));
  } else {
    const folder = `${location.base}${location.path}`;
    for (const name of named) {
      const path = folder === "" || folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
      const file = await call.account.stages.buckets.find(location.bucket, path);
      if (file !== null) found.push(file);
      else if (onError.kind === "ABORT_STATEMENT") throw noSuchFile(location, path);
    }
  }
  const kept: HeldFile[] = [];
  for (const file of found) {
    const one = await held.hold(file, compression);
    if (one !== null) kept.push(one);
  }
  return kept;
}

/** The error that says that a named file is not there. */
export function noSuchFile(location: StageLocation, path: string): SnowflakeError {
  return new SnowflakeError(
    "091016",
    "22000",
    `Remote file '${location.label}${path}' was not found. There are several potential causes. The file might not exist. The required credentials may be missing or invalid. If you are running a copy command, please make sure files are not deleted when they are being loaded or files are not being loaded into two different tables concurrently with auto purge option.`,
  );
}

/** Files until they are as large as SIZE_LIMIT together: at least one, and the one that goes over it. */
function limited(files: readonly HeldFile[], sizeLimit: number | null): readonly HeldFile[] {
  if (sizeLimit === null || sizeLimit <= 0) return files;
  let bytes = 0;
  return files.filter((file) => {
    const taken = bytes < sizeLimit;
    bytes += file.bytes;
    return taken;
  });
}

interface HistoryOptions {
  readonly outcome: FileOutcome;
  readonly location: StageLocation;
  readonly table: TableDefinition;
  readonly pipe: CopyOptions["pipe"];
}

function historyOf({ account, queryId }: StatementCall, { outcome, location, table, pipe }: HistoryOptions): LoadedFile {
  const { file, first } = outcome;
  return {
    tableId: table.id,
    table: table.name,
    stageKey: location.bucket,
    stageLocation: location.shown,
    path: file.path,
    etag: file.etag,
    bytes: file.bytes,
    status: outcome.status,
    rowsParsed: outcome.parsed,
    rowsLoaded: outcome.loaded,
    errorsSeen: outcome.errors,
    errorLimit: outcome.errorLimit,
    firstError:
      first === null
        ? null
        : { message: first.message, line: first.line, character: first.character, column: first.column ?? "" },
    lastLoadMs: account.now(),
    pipe: pipe?.name ?? null,
    receivedMs: pipe?.receivedMs(file.path) ?? null,
    queryId,
  };
}

/** PURGE: what was loaded goes, as long as it is still what was loaded. */
async function purge({ account }: StatementCall, { bucket }: StageLocation, outcomes: readonly FileOutcome[]): Promise<void> {
  for (const { file, status } of outcomes) {
    if (status === "LOAD_FAILED") continue;
    const now = await account.stages.buckets.find(bucket, file.path);
    if (now !== null && (await account.stages.buckets.digests(now))?.md5 === file.etag) await account.stages.buckets.remove(now);
  }
}
