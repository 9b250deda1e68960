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

/** The columns of `expected` in which `actual` is another. */
const differing = (expected: TextRow, actual: TextRow): string[] =>
  [...expected.keys()].filter((name) => expected.get(name) !== actual.get(name));

/**
 * Compares rows regardless of their order. Only the columns that an expected row names count. Equal rows pair up first; of the
 * others those that differ least, so that the difference shown is the smallest.
 */
export function compareRows(expected: readonly TextRow[], actual: readonly TextRow[]): readonly RowDifference[] {
  const left = new Map(actual.entries());
  const open = new Map(expected.entries());
  const pairs = (most: (row: TextRow) => number): RowDifference[] =>
    [...open].flatMap(([at, row]) => {
      const [closest] = [...left]
        .map(([key, other]) => ({ key, other, names: differing(row, other) }))
        .toSorted((a, b) => a.names.length - b.names.length);
      if (closest === undefined || closest.names.length > most(row)) return [];
      open.delete(at);
      left.delete(closest.key);
      if (closest.names.length === 0) return [];
      const columns = closest.names.map((name) => ({
        name,
        expected: row.get(name) ?? "NULL",
        actual: closest.other.get(name) ?? "NULL",
      }));
      return [{ kind: "different", row: at + 1, columns }];
    });
  pairs(() => 0);
  const different = pairs((row) => row.size / 2);
  return [
    ...different,
    ...[...open].map(([at, row]): RowDifference => ({ kind: "missing", row: at + 1, expected: row })),
    ...[...left.values()].map((row): RowDifference => ({ kind: "unexpected", actual: row })),
  ];
}
