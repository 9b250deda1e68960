import { textLengthMax, type SnowflakeType } from "../engine/snowflake-type.ts";
import type { StatementResult } from "../result.ts";
import type { KnownRows } from "../sql/relation-of-rows.ts";

/** A value of a listing. */
export type Cell = string | number | boolean | null;

/** What the server tells of itself: SHOW, DESCRIBE, INFORMATION_SCHEMA. */
export interface Listing {
  /** Names, with what is in the column; `time` is in milliseconds since the epoch. */
  readonly columns: readonly (readonly [name: string, kind: "text" | "number" | "real" | "boolean" | "time"])[];
  readonly rows: readonly (readonly Cell[])[];
}

const types: Readonly<Record<Listing["columns"][number][1], SnowflakeType>> = {
  text: { kind: "VARCHAR", length: textLengthMax },
  number: { kind: "NUMBER", precision: 38, scale: 0 },
  real: { kind: "FLOAT" },
  boolean: { kind: "BOOLEAN" },
  time: { kind: "TIMESTAMP_LTZ", scale: 3 },
};

/** The columns of a listing, each with the same kind of value but those that are said. */
export function columns(names: string, kinds: Readonly<Record<string, Listing["columns"][number][1]>> = {}): Listing["columns"] {
  return names.split(/\s+/).map((name) => [name, kinds[name] ?? "text"]);
}

/** A listing as the answer of a statement. */
export function listingResult({ columns, rows }: Listing, typeId: number): StatementResult {
  return {
    columns: columns.map(([name, kind]) => ({ name, type: types[kind], nullable: true })),
    rows: rows.map((row) => row.map((value, index) => wireText(value, columns[index]![1]))),
    typeId,
  };
}

/** A listing as a relation of queries, whose column names are upper case. */
export function listingRows({ columns, rows }: Listing): KnownRows {
  return {
    columns: columns.map(([name, kind]) => ({ name: name.toUpperCase(), type: types[kind] })),
    rows: rows.map((row) => row.map((value, index) => castableText(value, columns[index]![1]))),
  };
}

function wireText(value: Cell, kind: string): string | null {
  if (value === null) return null;
  if (kind === "boolean") return value === true ? "1" : "0";
  if (kind !== "time") return String(value);
  const ms = Math.trunc(Number(value));
  return `${Math.floor(ms / 1000)}.${String(((ms % 1000) + 1000) % 1000).padStart(3, "0")}`;
}

function castableText(value: Cell, kind: string): string | null {
  if (value === null) return null;
  return kind === "time" ? new Date(Number(value)).toISOString() : String(value);
}
