import { basename } from "node:path";
import { SnowflakeError, type StatementResult } from "../result.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { numberColumn, textColumn, typeIds } from "./answer.ts";
import { type Options, optionBoolean, optionText, readOptions } from "./option-list.ts";
import { resolveStage } from "./resolve-stage.ts";
import { requireStage } from "./stage-privileges.ts";
import { scannerOf } from "./bound-text.ts";
import type { StageFile, StageLocation } from "./stage.ts";

/** PUT, GET, LIST and REMOVE. */
export const fileStatements: readonly StatementKind[] = [
  { words: ["PUT"], execute: put },
  { words: ["GET"], execute: get },
  { words: ["LIST"], execute: list },
  { words: ["LS"], execute: list },
  { words: ["REMOVE"], execute: remove },
  { words: ["RM"], execute: remove },
];

/** Largest PARALLEL, as Snowflake has it. */
const threadsMax = 99;

/** Whether a file's whole path fits PATTERN, a regular expression; all fit where there is none. Throws SnowflakeError for one that is none. */
function matcher(pattern: string | undefined): (path: string) => boolean {
  if (pattern === undefined) return () => true;
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${pattern})$`, "s");
  } catch (error) {
    throw new SnowflakeError("100048", "2201B", `Invalid regular expression: '${pattern}'`, { cause: error });
  }
  return (path) => expression.test(path);
}

/** The files behind a stage reference whose paths fit the pattern, by path. */
export async function stageFiles(
  call: Pick<StatementCall, "account">,
  location: StageLocation,
  pattern?: string,
): Promise<readonly StageFile[]> {
  const fits = matcher(pattern);
  const files = await call.account.stages.buckets.list(location.bucket, `${location.base}${location.path}`);
  return files.filter(({ path }) => fits(`${location.label}${path}`) || fits(path));
}

async function put(call: StatementCall): Promise<StatementResult> {
  const scanner = scannerOf(call);
  scanner.expect("PUT");
  const source = scanner.address();
  const reference = scanner.stage();
  if (reference === null) throw scanner.unexpected();
  const options = readOptions(scanner);
  scanner.end();
  const location = resolveStage(reference, call);
  requireStage(call, location, "WRITE");
  const prefix = folder(`${location.base}${location.path}`);
  return {
    columns: [],
    rows: [],
    typeId: typeIds.put,
    data: {
      command: "UPLOAD",
      src_locations: [localPath(source)],
      parallel: parallel(options),
      autoCompress: optionBoolean(options, "AUTO_COMPRESS", true),
      sourceCompression: (optionText(options, "SOURCE_COMPRESSION") ?? "AUTO_DETECT").toLowerCase(),
      overwrite: optionBoolean(options, "OVERWRITE", false),
      clientShowEncryptionParameter: false,
      encryptionMaterial: null,
      queryId: call.queryId,
      stageInfo: stageInfo(call, location, { prefix, mode: "write", file: `${prefix}${basename(localPath(source))}` }),
    },
  };
}

async function get(call: StatementCall): Promise<StatementResult> {
  const scanner = scannerOf(call);
  scanner.expect("GET");
  const reference = scanner.stage();
  if (reference === null) throw scanner.unexpected();
  const target = scanner.address();
  const options = readOptions(scanner);
  scanner.end();
  const location = resolveStage(reference, call);
  requireStage(call, location, "READ");
  const files = await stageFiles(call, location, optionText(options, "PATTERN"));
  const access = { prefix: `${location.base}${location.path}`, mode: "read" } as const;
  return {
    columns: [],
    rows: [],
    typeId: typeIds.get,
    data: {
      command: "DOWNLOAD",
      src_locations: files.map(({ path }) => path),
      localLocation: localPath(target),
      parallel: parallel(options),
      // The driver looks for one for each file, also where it has a token for all.
      presignedUrls: needsPresigned(call) ? files.map(({ path }) => presignedUrl(call, location, { ...access, file: path })) : [],
      encryptionMaterial: [],
      queryId: call.queryId,
      stageInfo: {
        ...stageInfo(call, location, access),
        location: `${location.bucket}/`,
      },
    },
  };
}

function stageInfo(call: StatementCall, { bucket }: StageLocation, access: FileAccess) {
  const { stages } = call.account;
  if (needsPresigned(call)) return presignedInfo(call, bucket, access);
  const token = stages.grant({ bucket, ...access });
  const azure = stages.storage === "AZURE";
  return {
    locationType: stages.storage,
    location: `${bucket}/${access.prefix}`,
    path: access.prefix,
    region: "local",
    storageAccount: azure ? "snowline" : null,
    isClientSideEncrypted: false,
    presignedUrl: null,
    creds: azure ? { AZURE_SAS_TOKEN: `?sig=${token}` } : { GCS_ACCESS_TOKEN: token },
    endPoint: `${call.origin}/storage/${stages.storage.toLowerCase()}`,
  };
}

/** What is to be done with which files; `file` is the one that is put. */
interface FileAccess {
  readonly prefix: string;
  readonly mode: "read" | "write";
  readonly file?: string;
}

/**
 * Python's connector before version 5 puts `https://` before any endpoint, and JDBC's driver takes a token to Google's own, so that
 * they reach this server only by URLs for single files, which Snowflake gives where it has no token for the bucket.
 */
function needsPresigned({ account, session, origin }: StatementCall): boolean {
  const client = account.sessions.get(session.id)?.client ?? "";
  return account.stages.storage === "GCS" && origin.startsWith("http:") && /^(?:PythonConnector [1-4]\.|JDBC )/.test(client);
}

function presignedUrl(call: StatementCall, { bucket }: Pick<StageLocation, "bucket">, access: FileAccess): string {
  const path = (access.file ?? access.prefix).split("/").map(encodeURIComponent).join("/");
  const token = call.account.stages.grant({ bucket, prefix: access.prefix, mode: access.mode });
  return `${call.origin}/storage/gcs/${bucket}/${path}?token=${token}`;
}

function presignedInfo(call: StatementCall, bucket: string, access: FileAccess) {
  return {
    locationType: "GCS",
    location: `${bucket}/${access.prefix}`,
    path: access.prefix,
    region: "local",
    storageAccount: null,
    isClientSideEncrypted: false,
    presignedUrl: presignedUrl(call, { bucket }, access),
    creds: {},
    endPoint: null,
  };
}

function parallel(options: Options): number {
  return Math.min(threadsMax, Math.max(1, Number(optionText(options, "PARALLEL") ?? "4")));
}

function localPath(address: string): string {
  return address.replace(/^file:\/\//, "");
}

function folder(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

/** What LIST and REMOVE read: a stage, and perhaps a pattern. */
function readChoice(call: StatementCall): { readonly location: StageLocation; readonly pattern: string | undefined } {
  const scanner = scannerOf(call);
  scanner.next();
  const reference = scanner.stage();
  if (reference === null) throw scanner.unexpected();
  const options = readOptions(scanner);
  scanner.end();
  return { location: resolveStage(reference, call), pattern: optionText(options, "PATTERN") };
}

async function list(call: StatementCall): Promise<StatementResult> {
  const { location, pattern } = readChoice(call);
  requireStage(call, location, "READ");
  const rows: string[][] = [];
  for (const file of await stageFiles(call, location, pattern)) {
    const digests = await call.account.stages.buckets.digests(file);
    if (digests === null) continue;
    rows.push([`${location.label}${file.path}`, String(file.bytes), digests.md5, new Date(file.modifiedMs).toUTCString()]);
  }
  return {
    columns: [textColumn("name"), numberColumn("size"), textColumn("md5"), textColumn("last_modified")],
    rows,
    typeId: typeIds.list,
  };
}

async function remove(call: StatementCall): Promise<StatementResult> {
  const { location, pattern } = readChoice(call);
  requireStage(call, location, "WRITE");
  const rows: string[][] = [];
  if (!call.describeOnly) {
    for (const file of await stageFiles(call, location, pattern)) {
      await call.account.stages.buckets.remove(file);
      rows.push([`${location.label}${file.path}`, "removed"]);
    }
  }
  return { columns: [textColumn("name"), textColumn("result")], rows, typeId: typeIds.remove };
}
