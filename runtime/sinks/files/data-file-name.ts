import { createHash } from "node:crypto";
import type { Move, Position } from "../../component/position.ts";

/** Longest pipeline key, in characters: with it, number and ranges a name stays below 200 of the 255 bytes a file's name may have. */
const keyMax = 80;
/** Longest list of ranges in a name, in characters. */
const rangesMax = 90;

/** A pipeline's name in paths. Namespaces have no dot, so the first one parts it from the name; a long one ends in its digest. */
export function pipelineKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  const key = `${namespace}.${name}`;
  if (key.length <= keyMax) return key;
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
  return `${key.slice(0, keyMax - digest.length - 1)}-${digest}`;
}

/** `<pipeline>-<entry's number>-<ranges>.parquet`: unique by the number; the ranges are for people. */
export function dataFileName(key: string, seq: number, moves: readonly Move[]): string {
  let ranges = "";
  for (const [at, { split, from, to }] of moves.entries()) {
    const range = `${at === 0 ? "" : "_"}${split.replaceAll(/[^\w.-]/g, "-")}.${mark(from)}-${mark(to)}`;
    if (ranges.length + range.length > rangesMax) {
      const rest = `${at === 0 ? "" : "_and-"}${moves.length - at}-${at === 0 ? "splits" : "more"}`;
      return `${key}-${sequence(seq)}-${ranges}${rest}.parquet`;
    }
    ranges += range;
  }
  return `${key}-${sequence(seq)}-${ranges}.parquet`;
}

/** True where `dataFileName` makes such names for this pipeline, and not for one whose name only begins like its name. */
export function isDataFileOf(key: string, name: string): boolean {
  return name.startsWith(`${key}-`) && /^\d{12,}-.*\.parquet$/.test(name.slice(key.length + 1));
}

/** A log entry's number as text, sorted like the numbers. */
export function sequence(seq: number): string {
  return String(seq).padStart(12, "0");
}

/** A position is its source's own; where it has a number (an offset, a row) that is what people look for. */
function mark(position: Position | null): string {
  if (position === null) return "start";
  return String(Object.values(position).find((value) => typeof value === "number") ?? "at");
}
