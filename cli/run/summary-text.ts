import type { Lag } from "../../runtime/engine/lag.ts";
import type { Totals } from "../../runtime/engine/report.ts";
import { countText, cut, durationText, type Paint, plural } from "../text.ts";
import type { ReasonCount } from "./reasons.ts";

/** What a run did, as it ends. */
export interface RunSummary {
  readonly name: string;
  readonly seconds: number;
  readonly totals: Totals;
  readonly lag: Lag;
  /** False: it was stopped, and there may be more. */
  readonly finished: boolean;
  /** What did not answer in the end; null where all did. */
  readonly unreachable: string | null;
  /** Words for where nothing was read because everything was read before, and because there is nothing. */
  readonly nothingNew: string;
  readonly nothingThere: string;
  /** True where the warehouse held a position of at least one of them at the start. */
  readonly resumed: boolean;
  readonly reasons: readonly ReasonCount[];
  /** What the owner should know about the source, such as a changed file that was not read: not everything may be loaded. */
  readonly notices: readonly string[];
  /** Where rows went: `table main.orders`. */
  readonly into: string;
  readonly upsert: boolean;
  /** Where to look further: a name and a place each. */
  readonly places: readonly (readonly [string, string])[];
}

/** Reasons that are listed; the metrics and the letters have all. */
const reasonsShown = 10;
const reasonWidth = 100;

function headline(summary: RunSummary): string {
  const { totals } = summary;
  if (totals.recordsRead === 0) {
    if (!summary.finished)
      return `stopped before anything was read${summary.unreachable === null ? "" : `: ${summary.unreachable}`}`;
    if (!summary.resumed) return summary.nothingThere;
    return summary.notices.length === 0 ? summary.nothingNew : "loaded nothing new, and nothing twice";
  }
  return `loaded ${plural(totals.rowsLoaded, "row")} into ${summary.into} in ${durationText(summary.seconds)}`;
}

interface Figure {
  readonly name: string;
  readonly count: number;
  readonly remark: string;
}

function figures({ totals, lag, upsert }: RunSummary): Figure[] {
  const leftOut = totals.recordsLoaded - totals.recordsRejected - totals.rowsLoaded;
  const lagSeconds = lag.seconds === null || lag.seconds === 0 ? "" : `, ${durationText(lag.seconds)}`;
  return [
    { name: "records read", count: totals.recordsRead, remark: "" },
    { name: "rows loaded", count: totals.rowsLoaded, remark: "" },
    {
      name: "left out",
      count: Math.max(leftOut, 0),
      remark: upsert ? "by the SQL, or replaced by a later record with the same key" : "by the SQL",
    },
    { name: "skipped", count: totals.recordsSkipped, remark: "records without a value (tombstones)" },
    { name: "rejected", count: totals.recordsRejected, remark: "" },
    ...(lag.records === null ? [] : [{ name: "lag", count: lag.records, remark: `records not loaded yet${lagSeconds}` }]),
  ].filter(({ name, count }) => count > 0 || name === "rows loaded" || name === "rejected" || name === "lag");
}

/** Lines that say what was loaded, what was rejected and why, how far behind the table is and where to look further. */
export function summaryLines(summary: RunSummary, paint: Paint): string[] {
  const lines = [`${paint("bold", summary.name)}: ${headline(summary)}`];
  if (summary.totals.recordsRead > 0) {
    const shown = figures(summary);
    const width = Math.max(...shown.map(({ count }) => countText(count).length));
    lines.push("");
    for (const { name, count, remark } of shown) {
      const text = `  ${name.padEnd(14)}${countText(count).padStart(width)}`;
      lines.push(remark === "" ? text : `${text}  ${paint("dim", remark)}`);
      if (name === "rejected") lines.push(...reasonLines(summary.reasons, width, paint));
    }
  }
  const width = Math.max(0, ...summary.places.map(([name]) => name.length)) + 2;
  if (summary.places.length > 0) lines.push("", ...summary.places.map(([name, place]) => `  ${name.padEnd(width)}${place}`));
  if (summary.notices.length > 0) lines.push("", ...summary.notices.map((notice) => `  ${paint("yellow", "note")}: ${notice}`));
  return lines;
}

function reasonLines(reasons: readonly ReasonCount[], width: number, paint: Paint): string[] {
  const shown = reasons.slice(0, reasonsShown);
  const rest = reasons.slice(reasonsShown).reduce((sum, { count }) => sum + count, 0);
  return [...shown, ...(rest === 0 ? [] : [{ reason: "other reasons: see the dead letters", count: rest }])].map(
    ({ reason, count }) => `  ${" ".repeat(14)}${paint("yellow", countText(count).padStart(width))}  ${cut(reason, reasonWidth)}`,
  );
}
