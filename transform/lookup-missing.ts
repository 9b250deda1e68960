import { nearest } from "../crds/nearest.ts";

/** Says that a lookup's file lacks a declared column, and which of the columns `present` may be meant. */
export function missing(name: string, present: readonly string[]): string {
  const guess = nearest(name, present);
  return `it has no column ${name}${guess === undefined ? `: its columns are ${present.join(", ")}` : `; did you mean ${guess}?`}`;
}
