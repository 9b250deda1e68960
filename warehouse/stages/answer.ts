import type { ResultColumn, StatementResult } from "../result.ts";
import { textLengthMax } from "../engine/snowflake-type.ts";

/** A column of texts. */
export function textColumn(name: string): ResultColumn {
  return { name, type: { kind: "VARCHAR", length: textLengthMax }, nullable: true };
}

/** A column of whole numbers. */
export function numberColumn(name: string): ResultColumn {
  return { name, type: { kind: "NUMBER", precision: 38, scale: 0 }, nullable: true };
}

/** A column of points in time, given by `timestampValue`. */
export function timestampColumn(name: string): ResultColumn {
  return { name, type: { kind: "TIMESTAMP_LTZ", scale: 3 }, nullable: true };
}

/** Milliseconds since the epoch as the wire has them. */
export function timestampValue(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(Math.trunc(ms) % 1000).padStart(3, "0")}000000`;
}

/** The answer of a statement that says only what it did. */
export function statusResult(status: string, typeId: number): StatementResult {
  return { columns: [textColumn("status")], rows: [[status]], typeId };
}

/** Snowflake's numbers for kinds of statements. */
export const typeIds = {
  create: 20_736,
  drop: 28_672,
  alter: 16_384,
  show: 24_832,
  describe: 25_088,
  copy: 12_352,
  unload: 12_416,
  put: 32_768,
  get: 32_769,
  list: 28_928,
  remove: 28_929,
} as const;
