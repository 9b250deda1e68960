import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Account } from "../account.ts";
import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import type { Bind } from "../statements/bind.ts";
import { resolveStage } from "../stages/resolve-stage.ts";

/** Bytes of all values, unpacked: drivers send them in files of up to 100 MB. */
const bytesMax = 512 << 20;

const unpack = promisify(gunzip);

/**
 * Reads the values of array binds that a driver has put into a stage, as CSV with optional double quotes: an empty field is NULL,
 * `""` is an empty text. Files are read in the order of their numbers. Throws SnowflakeError where there are none.
 */
export async function stagedBinds(account: Account, session: Session, stage: string): Promise<readonly Bind[]> {
  const location = resolveStage(stage.startsWith("@") ? stage : `@${stage}`, { account, session });
  const prefix = `${location.base}${location.path}`;
  const listed = await account.stages.buckets.list(
    location.bucket,
    prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
  );
  if (listed.length === 0) throw new SnowflakeError("100080", "22000", `Bind data was not found in the stage ${stage}.`);
  const files = listed.toSorted((a, b) => numberOf(a.path) - numberOf(b.path));
  const columns: (string | null)[][] = [];
  let bytes = 0;
  for (const { file } of files) {
    const packed = await readFile(file);
    const content = packed[0] === 0x1f && packed[1] === 0x8b ? await unpack(packed, { maxOutputLength: bytesMax }) : packed;
    bytes += content.length;
    if (bytes > bytesMax) throw new SnowflakeError("100080", "22000", `Bind data has more than ${bytesMax} bytes.`);
    for (const record of records(content.toString())) record.forEach((value, at) => (columns[at] ??= []).push(value));
  }
  return columns.map((value) => ({ type: "TEXT", value }));
}

/** Drivers number the files, with or without an extension. */
function numberOf(path: string): number {
  return Number(/(?<number>\d+)[^/]*$/.exec(path)?.groups?.["number"] ?? 0);
}

/** The records of CSV text. */
export function* records(text: string): Generator<readonly (string | null)[]> {
  const field = /(?:"(?<quoted>(?:[^"]|"")*)"|(?<plain>[^",\r\n][^,\r\n]*|))(?<end>,|\r?\n|$)/y;
  let record: (string | null)[] = [];
  for (let at = 0; at < text.length || record.length > 0;) {
    field.lastIndex = at;
    const match = field.exec(text)?.groups;
    if (match === undefined) throw new SnowflakeError("100080", "22000", "Bind data is no CSV.");
    const { quoted, plain = "", end = "" } = match;
    record.push(quoted === undefined ? (plain === "" ? null : plain) : quoted.replaceAll('""', '"'));
    at = field.lastIndex;
    if (end === ",") continue;
    yield record;
    record = [];
  }
}
