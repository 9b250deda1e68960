import type { Condition } from "../../crds/kinds/condition.ts";
import type { EngineStatus } from "../../runtime/engine/report.ts";
import { countText, cut, durationText } from "../text.ts";

/** How far a run has come. Counts are since the start of the process. */
export interface RunProgress {
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  readonly recordsRejected: number;
  /** Records not yet loaded; null while unknown. */
  readonly lagRecords: number | null;
  /** Age of the oldest record not yet loaded; null while unknown. */
  readonly lagSeconds: number | null;
  /** What it waits for, such as a broker that does not answer; null while it works. */
  readonly waitsFor: string | null;
}

/** Before a run has begun. */
export const notBegun: RunProgress = {
  recordsRead: 0,
  rowsLoaded: 0,
  recordsRejected: 0,
  lagRecords: null,
  lagSeconds: null,
  waitsFor: "starting",
};

/** What does not answer, and why; null where everything does. */
export function unreachable(conditions: readonly Condition[]): string | null {
  return conditions.find(({ type, status }) => type.endsWith("Reachable") && status === "False")?.message ?? null;
}

/** What of the engine's status the progress shows. */
export function progressOf({
  started,
  totals,
  lag,
  conditions,
}: Pick<EngineStatus, "started" | "totals" | "lag" | "conditions">): RunProgress {
  const { recordsRead, rowsLoaded, recordsRejected } = totals;
  const draining = conditions.some(({ type, status }) => type === "Draining" && status === "True")
    ? "draining: loading what was read"
    : null;
  const waitsFor = unreachable(conditions) ?? draining ?? (started ? null : "starting");
  return { recordsRead, rowsLoaded, recordsRejected, lagRecords: lag.records, lagSeconds: lag.seconds, waitsFor };
}

/** Records a second between two looks. */
export interface Sample {
  readonly atMs: number;
  readonly recordsRead: number;
}

/** Over how long the rate is averaged: long enough not to flicker, short enough to follow a stall. */
const rateWindowMs = 5000;

/** The samples to keep for the next look, and the rate they show; null before there are two of them. */
export function rateOf(
  samples: readonly Sample[],
  now: Sample,
): { readonly samples: readonly Sample[]; readonly recordsPerSecond: number | null } {
  const kept = [...samples.filter((sample) => now.atMs - sample.atMs <= rateWindowMs), now];
  const first = kept[0] ?? now;
  const elapsedMs = now.atMs - first.atMs;
  return { samples: kept, recordsPerSecond: elapsedMs <= 0 ? null : ((now.recordsRead - first.recordsRead) * 1000) / elapsedMs };
}

const lagText = ({ lagRecords, lagSeconds }: RunProgress): string => {
  if (lagRecords === null) return "lag unknown";
  if (lagRecords === 0) return "caught up";
  return `lag ${countText(lagRecords)}${lagSeconds === null ? "" : ` (${durationText(lagSeconds)})`}`;
};

/** One look at a run, in parts from the most to the least important. */
function parts(progress: RunProgress, recordsPerSecond: number | null): string[] {
  const { waitsFor } = progress;
  if (progress.recordsRead === 0) return [waitsFor ?? (progress.lagRecords === null ? "looking for records" : lagText(progress))];
  return [
    ...(waitsFor === null ? [] : [waitsFor]),
    `${countText(progress.recordsRead)} read`,
    `${countText(progress.rowsLoaded)} loaded`,
    ...(progress.recordsRejected === 0 ? [] : [`${countText(progress.recordsRejected)} rejected`]),
    lagText(progress),
    ...(recordsPerSecond === null ? [] : [`${countText(recordsPerSecond)}/s`]),
  ];
}

/** A line for outputs that are no terminal. */
export function plainProgressText(name: string, progress: RunProgress, recordsPerSecond: number | null): string {
  return `${name}: ${parts(progress, recordsPerSecond).join(", ")}`;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** The live line: at most `width` columns; what does not fit is left out whole, the least important part first. */
export function liveProgressText(
  name: string,
  progress: RunProgress,
  options: { readonly recordsPerSecond: number | null; readonly turn: number; readonly width: number },
): string {
  const head = `${spinner[options.turn % spinner.length] ?? ""} ${name}`;
  let line = head.slice(0, options.width);
  for (const part of parts(progress, options.recordsPerSecond)) {
    const longer = `${line}${line === head ? "  " : " · "}${part}`;
    if (longer.length > options.width) return part === progress.waitsFor ? cut(longer, options.width) : line;
    line = longer;
  }
  return line;
}
