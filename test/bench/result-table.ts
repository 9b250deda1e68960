import type { Contestant } from "./contestants.ts";
import type { Usage } from "./measured-process.ts";
import type { Outcome } from "./outcome.ts";

/** One run of one contestant. */
export interface Measured extends Usage {
  readonly contestant: Contestant;
  readonly outcome: Outcome;
  /** From the start of the process to its first readable row; undefined where that cannot be seen from outside. */
  readonly firstRowSeconds: number | undefined;
  /** What the run asked of a warehouse in Snowflake, of the 60 s that a warehouse is billed for at least. */
  readonly warehouse: { readonly statements: number; readonly secondsBilled: number };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** `4.2 (4.1-4.5)`: the median and, with more than one run, the spread. */
function spread(values: readonly number[], digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  if (values.length < 2) return values.length === 0 ? "-" : text(median(values));
  return `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`;
}

/** A Markdown table, one line per contestant: medians over its runs, and how many times Snowline's CPU time it took for the same target. */
export function resultTable(measured: readonly Measured[], records: number): string {
  const million = records / 1_000_000;
  const runsOf = (contestant: Contestant) => measured.filter((one) => one.contestant === contestant);
  const cpu = (runs: readonly Measured[]) => runs.map(({ cpuSeconds }) => cpuSeconds / million);
  const rows = [...new Set(measured.map(({ contestant }) => contestant))].map((contestant) => {
    const runs = runsOf(contestant);
    const ours = measured.filter((one) => one.contestant.name === "snowline" && one.contestant.target === contestant.target);
    const ratio = median(cpu(runs)) / median(cpu(ours));
    return [
      `${contestant.name} -> ${contestant.target}`,
      spread(cpu(runs), 2),
      Number.isNaN(ratio) ? "-" : `${ratio.toFixed(1)}x`,
      spread(
        runs.map(({ peakBytes }) => peakBytes / 1e6),
        0,
      ),
      spread(
        runs.map(({ wallSeconds }) => records / wallSeconds / 1000),
        0,
      ),
      spread(
        runs.flatMap(({ firstRowSeconds }) => firstRowSeconds ?? []),
        2,
      ),
    ];
  });
  const header = ["", "CPU-s per million", "times ours", "peak MB", "thousand records/s", "first row after s"];
  const widths = header.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
