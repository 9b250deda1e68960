import type { FileReport } from "./file-report.ts";
import type { Pending } from "./pending.ts";

/** What is known about a pending file. */
export interface Seen {
  /** null: what was read does not know it. */
  readonly report: FileReport | null;
  /** False: the pipe's report cannot tell, because it had no room for all files or there is none. */
  readonly reported: boolean;
  /** True where the table's load history, which reaches back further, was read a moment ago. */
  readonly searched: boolean;
  /** True where nobody can have given the file to the pipe before this call: it was noted a moment ago by this owner. */
  readonly first: boolean;
  /** True once this call has given the file to the pipe. */
  readonly submitted: boolean;
  /** How long this call has been waiting. */
  readonly waitedMs: number;
  readonly nowMs: number;
}

/** What to do next about a pending file. */
export type Step =
  /** Look into the table's load history. */
  | { readonly kind: "search" }
  /** Give the file to the pipe: it passes over a name it has had. */
  | { readonly kind: "submit" }
  /** Ask again after a while. */
  | { readonly kind: "wait" }
  /** Let the engine report that it takes long, and come back. */
  | { readonly kind: "giveWay" }
  /** Proven: the file's rows are in the table, each once. */
  | { readonly kind: "loaded" }
  /** Proven: none of them is, and none will be. The splits go back to where they were. */
  | { readonly kind: "takeBack"; readonly error: string }
  /** A person has to look. Nothing is changed. */
  | { readonly kind: "stop"; readonly reason: string; readonly message: string };

/** A pipe remembers the names it was given for 14 days; a day less, for clocks that differ and files that wait in its queue. */
export const rememberedMs = 13 * 24 * 3600 * 1000;
/** A pipe's report has the last ten minutes; a file that is older when it is found pending is searched for. */
export const reportedMs = 10 * 60 * 1000;
/** A pipe takes a minute or so. After this the pipeline says what it waits for, and goes on waiting. */
export const patienceMs = 5 * 60 * 1000;

/** Decides what to do about a pending file. Pure. */
export function nextStep(pending: Pending, { report, reported, searched, first, submitted, waitedMs, nowMs }: Seen): Step {
  const ageMs = nowMs - pending.atMs;
  if (report === null) {
    // A pipe that was made anew has forgotten what it loaded: before a file that may have been given to it is given again, the
    // table's own history is asked.
    const again = !submitted && !first;
    if (!searched && (!reported || again || ageMs >= reportedMs)) return { kind: "search" };
    if (ageMs >= rememberedMs) return { kind: "stop", reason: "FileForgotten", message: forgotten(pending) };
    if (!submitted) return { kind: "submit" };
  }
  switch (report?.kind) {
    case "loaded":
      return report.rows === pending.rows
        ? { kind: "loaded" }
        : { kind: "stop", reason: "FileNotWhole", message: notWhole(pending, report.rows, "its COPY leaves rows out") };
    case "partly":
      return { kind: "stop", reason: "FileNotWhole", message: notWhole(pending, report.rows, report.error) };
    case "failed":
      return { kind: "takeBack", error: report.error };
    case "loading":
    case undefined:
      return { kind: waitedMs >= patienceMs ? "giveWay" : "wait" };
    default:
      return report satisfies never;
  }
}

const forgotten = ({ file, pipe, rows }: Pending): string =>
  `pipe ${pipe}: file ${file} with ${rows} rows was staged more than ${rememberedMs / 86_400_000} days ago and no load history knows it any more: ` +
  `look whether its rows are in the table; then set STATE to NULL for its splits in the positions table where they are, ` +
  `and where they are not POSITION to the member "from" of STATE too`;

const notWhole = ({ file, pipe, rows }: Pending, loaded: number, why: string): string =>
  `pipe ${pipe}: of the ${rows} rows of file ${file} ${loaded} were loaded: ${why}: load the others by hand, give the pipe ` +
  `ON_ERROR = SKIP_FILE, and set STATE to NULL for the file's splits in the positions table to go on`;
