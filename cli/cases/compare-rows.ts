import type { TextRow } from "./row-reader.ts";

/** How the rows that came out differ from the expected ones. Rows are counted from 1. */
export type RowDifference =
  | {
      readonly kind: "different";
      readonly row: number;
      readonly columns: readonly { readonly name: string; readonly expected: string; readonly actual: string }[];
    }
  | { readonly kind: "missing"; readonly row: number; readonly expected: TextRow }
  | { readonly kind: "unexpected"; readonly actual: TextRow };

/** A row held against another. */
interface Pair {
  readonly at: number;
  readonly other: number;
  /** Equal in the column that the expected row names first, which mostly is what tells rows apart. */
  readonly sameLead: boolean;
  readonly names: readonly string[];
  readonly equal: number;
}

function pairOf([at, expected]: [number, TextRow], [other, actual]: [number, TextRow]): Pair {
  const all = [...expected.keys()];
  const names = all.filter((name) => expected.get(name) !== actual.get(name));
  const [lead] = all;
  return { at, other, sameLead: lead !== undefined && !names.includes(lead), names, equal: all.length - names.length };
}

/** The better pair first. */
const better = (a: Pair, b: Pair): number =>
  Number(b.sameLead) - Number(a.sameLead) || a.names.length - b.names.length || b.equal - a.equal;

/**
 * Compares rows regardless of their order. Only the columns that an expected row names count. The best pairs of all are held
 * against each other first: those equal in the column that is named first, then those that differ least.
 */
export function compareRows(expected: readonly TextRow[], actual: readonly TextRow[]): readonly RowDifference[] {
  const left = new Map(actual.entries());
  const open = new Map(expected.entries());
  const different: (RowDifference & { kind: "different" })[] = [];
  const pairs = [...open].flatMap((wanted) => [...left].map((came) => pairOf(wanted, came)));
  for (const { at, other, sameLead, names, equal } of pairs.toSorted(better)) {
    const [row, came] = [open.get(at), left.get(other)];
    if (row === undefined || came === undefined || (!sameLead && names.length > equal)) continue;
    open.delete(at);
    left.delete(other);
    if (names.length === 0) continue;
    const columns = names.map((name) => ({ name, expected: row.get(name) ?? "null", actual: came.get(name) ?? "null" }));
    different.push({ kind: "different", row: at + 1, columns });
  }
  return [
    ...different.toSorted((a, b) => a.row - b.row),
    ...[...open].map(([at, row]): RowDifference => ({ kind: "missing", row: at + 1, expected: row })),
    ...[...left.values()].map((row): RowDifference => ({ kind: "unexpected", actual: row })),
  ];
}
