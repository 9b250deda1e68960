import { setTimeout } from "node:timers/promises";
import { NotConnected, Terminal } from "../../../component/errors.ts";
import type { SnowflakeAccount } from "../../../snowflake/account.ts";
import { quotedName, textLiteral } from "../../../snowflake/identifiers.ts";
import { nameParts } from "../../../snowflake/readable-name.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { fileReport, type FileReport } from "./file-report.ts";
import { nextStep, patienceMs, reportedMs } from "./next-step.ts";
import type { Pending } from "./pending.ts";
import { insertFile, reportedFile } from "./pipe-calls.ts";
import { folderOf, pathForPipe } from "./pipe-place.ts";

/** What settling a file needs. */
export interface SettleOptions {
  readonly account: SnowflakeAccount;
  /** The internal stage, as SQL names it. */
  readonly stage: string;
  session(): Promise<SnowflakeSession>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How it ended: its rows are in the table, or none of them is and none will be. */
export type Settled = { readonly kind: "loaded" } | { readonly kind: "takeBack"; readonly error: string };

/** Pause before the pipe's report is read again; doubled each time up to the maximum. Snowflake counts the calls. */
const pauseMsMin = 250;
const pauseMsMax = 10_000;
/** How often the load history is read, which costs a statement. */
const searchEveryMs = 20_000;
/** COPY_HISTORY reaches back 14 days and refuses to be asked for more; an hour less. */
const historyMs = (14 * 24 - 1) * 3600 * 1000;
/** A file is not loaded before it is staged, but clocks differ. */
const skewMs = 3600 * 1000;

/**
 * Gives a pending file to its pipe until a history proves what became of it. Throws NotConnected while it takes long, and
 * Terminal where a person has to look. Two may settle one file. `first`: nobody can have tried before.
 */
export async function settle(pending: Pending, options: SettleOptions, first = false): Promise<Settled> {
  const startMs = options.now();
  let [submitted, searchedMs, pauseMs] = [false, Number.NEGATIVE_INFINITY, pauseMsMin];
  // No report has what nobody has given to the pipe.
  let { report, reported } = first ? { report: null, reported: true } : await look(pending, options);
  for (;;) {
    const nowMs = options.now();
    const searched = nowMs - searchedMs < searchEveryMs;
    const step = nextStep(pending, { report, reported, searched, first, submitted, waitedMs: nowMs - startMs, nowMs });
    switch (step.kind) {
      case "search":
        report = await searchedFile(pending, options);
        searchedMs = nowMs;
        continue;
      case "submit":
        await submit(pending, options);
        submitted = true;
        continue;
      case "wait":
        await setTimeout(pauseMs);
        pauseMs = Math.min(pauseMs * 2, pauseMsMax);
        ({ report, reported } = await look(pending, options));
        continue;
      case "giveWay":
        throw new NotConnected(
          `pipe ${pending.pipe}: file ${pending.file} is not loaded yet after ${patienceMs / 60_000} min: see SELECT SYSTEM$PIPE_STATUS(${textLiteral(pending.pipe)}); it goes on by itself`,
        );
      case "stop":
        throw new Terminal(step.reason, step.message);
      case "loaded":
      case "takeBack":
        return step;
      default:
        return step satisfies never;
    }
  }
}

/** Gives files that no history knows to their pipes, so that several load at the same time. `settle` gives them once more. */
export async function submitEarly(files: readonly Pending[], options: SettleOptions): Promise<void> {
  for (const file of files) {
    if (options.now() - file.atMs < reportedMs && (await searchedFile(file, options)) === null) await submit(file, options);
  }
}

interface Look {
  readonly report: FileReport | null;
  readonly reported: boolean;
}

async function look(pending: Pending, { account }: SettleOptions): Promise<Look> {
  // A pipe's report has the files that insertFiles gave it.
  if (pending.into?.autoIngest === true) return { report: null, reported: false };
  const { report, complete } = await reportedFile(account, pending.pipe, pathForPipe(pending));
  return { report, reported: complete };
}

async function submit(pending: Pending, { account, stage, session }: SettleOptions): Promise<void> {
  const { file, into, pipe, bytes } = pending;
  const path = pathForPipe(pending);
  if (into !== null) {
    const name = file.slice(folderOf(file).length);
    const statement = `COPY FILES INTO @${into.stage}/${folderOf(path)} FROM @${stage}/${folderOf(file)} FILES = (${textLiteral(name)})`;
    await (await session()).execute(statement);
  }
  if (into?.autoIngest !== true) await insertFile(account, pipe, { path, bytes });
}

async function searchedFile({ file, table, atMs }: Pending, { session, now }: SettleOptions): Promise<FileReport | null> {
  const [database] = nameParts(table);
  const sinceMs = Math.max(atMs - skewMs, now() - historyMs);
  const { rows } = await (
    await session()
  ).execute(
    `SELECT STATUS, ROW_COUNT, FIRST_ERROR_MESSAGE, FIRST_ERROR_COLUMN_NAME, FIRST_ERROR_LINE_NUMBER
 FROM TABLE(${quotedName(database!)}.INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => ${textLiteral(table)}, START_TIME => TO_TIMESTAMP_LTZ(${Math.floor(sinceMs)}, 3)))
 WHERE ENDSWITH(FILE_NAME, ?) ORDER BY LAST_LOAD_TIME`,
    { binds: [file.slice(file.indexOf("/") + 1)] },
  );
  const [status, count, message, column, line] = rows.at(-1) ?? [];
  if (typeof status !== "string") return null;
  return fileReport(status, Number(count), {
    message: message ?? null,
    column: column ?? null,
    line: line === null || line === undefined ? null : Number(line),
  });
}
