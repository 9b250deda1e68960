import { randomUUID } from "node:crypto";
import { NotConnected, Terminal } from "../../../component/errors.ts";
import type { SnowflakeAccount } from "../../../snowflake/account.ts";
import { nameParts, readableName } from "../../../snowflake/readable-name.ts";
import { type RestAnswer, restCall } from "../../../snowflake/rest-call.ts";
import { fileReport, type FileReport } from "./file-report.ts";

/** What is told of a file in a pipe's report. */
export interface Reported {
  /** null: the report does not know it. */
  readonly report: FileReport | null;
  /** False: there was more to report than fits, so that a file may be missing. */
  readonly complete: boolean;
}

/**
 * Gives a file of its stage to a pipe. It passes over a name it was given in the last 14 days, so that this may be repeated.
 * `path` starts at the pipe's stage. Throws Terminal where there is no such pipe.
 */
export async function insertFile(
  account: SnowflakeAccount,
  pipe: string,
  file: { readonly path: string; readonly bytes: number },
): Promise<void> {
  const answer = await restCall(account, {
    method: "POST",
    path: pathOf(pipe, "insertFiles"),
    query: { requestId: randomUUID() },
    body: { files: [{ path: file.path, size: file.bytes }] },
    subject: `pipe ${pipe}`,
  });
  throwRefusal(answer, pipe, "insertFiles");
}

/** What the pipe tells of a file it was given in the last ten minutes. */
export async function reportedFile(account: SnowflakeAccount, pipe: string, path: string): Promise<Reported> {
  const answer = await restCall(account, {
    method: "GET",
    path: pathOf(pipe, "insertReport"),
    query: { requestId: randomUUID() },
    subject: `pipe ${pipe}`,
  });
  throwRefusal(answer, pipe, "insertReport");
  const { files, completeResult } = answer.body as Partial<InsertReport>;
  // A path of a report starts at the stage or at the pipe's folder in it. The file's own folder makes it ours.
  const own = path.split("/").slice(-2).join("/");
  const found = (files ?? []).filter(
    (file) => typeof file.path === "string" && `/${path}`.endsWith(`/${file.path}`) && file.path.endsWith(own),
  );
  const last = found.at(-1);
  return { report: last === undefined ? null : reportOf(last), complete: completeResult !== false };
}

interface InsertReport {
  readonly completeResult: boolean;
  readonly files: readonly ReportFile[];
}
interface ReportFile {
  readonly path: string;
  readonly complete?: boolean;
  readonly status?: string;
  readonly rowsInserted?: number;
  readonly firstError?: string | null;
  readonly firstErrorLineNum?: number | null;
  readonly firstErrorColumnName?: string | null;
}

function reportOf({
  complete,
  status,
  rowsInserted,
  firstError,
  firstErrorLineNum,
  firstErrorColumnName,
}: ReportFile): FileReport {
  if (complete === false) return { kind: "loading" };
  const error = { message: firstError ?? null, line: firstErrorLineNum ?? null, column: firstErrorColumnName ?? null };
  return fileReport(status ?? "", rowsInserted ?? 0, error);
}

/** The pipe's own path. Quotes and dollars of its name are percent-encoded; the dots between names are not. */
const pathOf = (pipe: string, what: string): string =>
  `/v1/data/pipes/${nameParts(pipe)
    .map((part) => encodeURIComponent(readableName(part)))
    .join(".")}/${what}`;

function throwRefusal({ status, body }: RestAnswer, pipe: string, what: string): void {
  if (status === 404) {
    throw new Terminal(
      "PipeMissing",
      `pipe ${pipe}: it is not there, or the role may not see it: grant OPERATE and MONITOR on it, or run snowline plan to see how it is made`,
    );
  }
  const { code, message } = (body ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (status >= 400) {
    throw new Terminal(
      "PipeRefused",
      `pipe ${pipe}: ${what} answers ${status} (${String(code)}: ${String(message).slice(0, 200)})`,
    );
  }
  if (body === null || typeof body !== "object") throw new NotConnected(`pipe ${pipe}: ${what} answers ${status} without JSON`);
}
