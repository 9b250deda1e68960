import { countText, durationText, type Paint, plural, tableText } from "../text.ts";
import type { Credits } from "./credits.ts";
import type { FileSum } from "./files.ts";
import type { StatementReport } from "./statements.ts";
import type { Window } from "./windows.ts";

/** What an audit found. */
export interface Audit {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly table: string;
  /** True: rows are upserted, so that files are loaded into a table of the session's own and not into this one. */
  readonly upsert: boolean;
  readonly window: Window;
  readonly statements: StatementReport;
  /** Null: the table is not there, or the role may not see it. */
  readonly files: FileSum | null;
  readonly credits: Credits;
}

/** Failures that are listed; JSON has all. */
const failuresShown = 10;
const messageWidth = 240;

/** The audit in lines for a person. */
export function auditLines({ pipeline, table, upsert, window, statements, files, credits }: Audit, paint: Paint): string[] {
  const { kinds, failures, runs, complete } = statements;
  const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const period = `${at(window.fromMs)} to ${at(window.toMs)}`;
  const partial =
    complete && files?.complete !== false
      ? []
      : [paint("yellow", "the histories hold more than can be read: ask for fewer --hours")];
  return [
    `${paint("bold", pipeline.name)}: ${plural(count, "statement")} of ${plural(runs, "run")} into ${table}, ${period}`,
    ...(count === 0 ? [] : ["", ...indented(kindTable(statements))]),
    "",
    `  files    ${filesText(files, upsert)}`,
    `  credits  ${credits.kind === "visible" ? `${credits.credits.toFixed(4)} of warehouse ${credits.warehouse}, whoever used it` : `not visible: ${credits.why}`}`,
    ...failureLines(
      [
        ...failures.map(({ code, message, count: times, lastMs }) => ({
          text: `${code}, last ${at(lastMs)}: ${message}`,
          times,
        })),
        ...(files?.failures ?? []).map(({ message, count: times }) => ({ text: `file: ${message}`, times })),
      ],
      paint,
    ),
    ...(partial.length === 0 ? [] : ["", ...partial]),
  ];
}

function filesText(files: FileSum | null, upsert: boolean): string {
  if (files === null) return "not known: the table is not there, or the role may not see it";
  const sum = `${countText(files.loaded)} loaded, ${plural(files.rows, "row")}, ${bytesText(files.bytes)}; ${countText(files.failed)} failed`;
  return upsert ? `go through a table of the session's own to be upserted; into this one ${sum}` : sum;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function kindTable({ kinds }: StatementReport): string[] {
  return tableText(
    ["statement", "count", "failed", "rows produced", "scanned", "time"],
    kinds.map(({ kind, count, failed, rows, bytesScanned, seconds }) => [
      kind,
      countText(count),
      countText(failed),
      countText(rows),
      bytesText(bytesScanned),
      durationText(seconds),
    ]),
  );
}

function failureLines(failures: readonly { readonly text: string; readonly times: number }[], paint: Paint): string[] {
  if (failures.length === 0) return [];
  const shown = failures
    .slice(0, failuresShown)
    .map(({ text, times }) => `  ${paint("red", `${countText(times)}×`)} ${text.slice(0, messageWidth)}`);
  const rest = failures.length - shown.length;
  return ["", "Failures:", ...shown, ...(rest === 0 ? [] : [`  … and ${plural(rest, "other")}: --output json has all`])];
}

/** Bytes the way people say them. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
