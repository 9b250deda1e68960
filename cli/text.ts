import { styleText } from "node:util";
import type { Output, Shell } from "./shell.ts";

type Style = Parameters<typeof styleText>[0];

/** Puts a style around text where the output shows colours, and leaves it alone elsewhere. */
export type Paint = (style: Style, text: string) => string;

/** The Paint for an output: what the user asked for (NO_COLOR, FORCE_COLOR), else colours on a terminal only. */
export function paintFor(shell: Pick<Shell, "colour">, output: Output): Paint {
  return (shell.colour ?? output.isTTY === true)
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}

/** `1707` as `1,707`. */
export const countText = (count: number): string => Math.round(count).toLocaleString("en-US");

/** `1 row`, `2 rows`, `1,707 rows`. */
export const plural = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Seconds the way people say them: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 2 h`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toString()} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  const [large, small, largeUnit, smallUnit] =
    whole < 3600
      ? [whole / 60, whole % 60, "min", "s"]
      : whole < 86_400
        ? [whole / 3600, (whole % 3600) / 60, "h", "min"]
        : [whole / 86_400, (whole % 86_400) / 3600, "d", "h"];
  const rest = Math.floor(small);
  return rest === 0 ? `${Math.floor(large)} ${largeUnit}` : `${Math.floor(large)} ${largeUnit} ${rest} ${smallUnit}`;
}

/** Cuts text to a width, with an ellipsis where something is missing. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;

/** A table with a header, columns as wide as they need up to `widthMax`; numbers to the right. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[], cellWidthMax = 40): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => cut(cell.replaceAll(/\s+/g, " "), cellWidthMax)));
  const widths = header.map((_name, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const numeric = header.map(
    (_name, at) => rows.length > 0 && rows.every((row) => /^(-?[\d,]*\.?\d*|NULL)$/.test(row[at] ?? "")),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (numeric[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  const [first, ...rest] = cells;
  return [line(first ?? []), widths.map((width) => "─".repeat(width)).join("  "), ...rest.map(line)];
}
