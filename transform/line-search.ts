import type { Lines, Reject } from "./rows.ts";

const newline = 0x0a;

/** Where a record's line stands in `Lines.bytes`, without its newline. */
export interface LineRange {
  readonly ordinal: number;
  readonly start: number;
  readonly end: number;
}

/** Finds the lines of `ordinals` (ascending). Records in `rejected` (ascending) have none. */
export function findLines(lines: Lines, rejected: readonly Reject[], ordinals: readonly number[]): LineRange[] {
  const found: LineRange[] = [];
  let start = 0;
  let nextRejected = 0;
  for (let ordinal = 0; ordinal < lines.count && found.length < ordinals.length; ordinal++) {
    if (rejected[nextRejected]?.ordinal === ordinal) {
      nextRejected++;
      continue;
    }
    const end = lines.bytes.indexOf(newline, start);
    if (end < 0 || end >= lines.length) break;
    if (ordinals[found.length] === ordinal) found.push({ ordinal, start, end });
    start = end + 1;
  }
  return found;
}

/** Bytes of the longest line. */
export function longestLine(lines: Lines): number {
  let longest = 0;
  for (let start = 0; start < lines.length;) {
    const end = lines.bytes.indexOf(newline, start);
    if (end < 0) return Math.max(longest, lines.length - start);
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return longest;
}
