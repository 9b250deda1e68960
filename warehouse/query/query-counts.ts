import type { QueryCounts } from "../history/query-history.ts";
import type { StatementResult } from "../result.ts";

/** Columns of a DML statement's result that count rows. */
const counted: Readonly<Record<string, keyof QueryCounts>> = {
  "number of rows inserted": "rowsInserted",
  "number of rows updated": "rowsUpdated",
  "number of rows deleted": "rowsDeleted",
};

/** Reads a statement's counts from its result: DML says them in columns, COPY by file. What either changes or loads, it produces. */
export function queryCounts({ columns, rows, bytesScanned = 0 }: StatementResult): Partial<QueryCounts> {
  const counts: { -readonly [K in keyof QueryCounts]?: number } = {};
  columns.forEach(({ name }, at) => {
    const count = counted[name];
    if (count !== undefined) counts[count] = Number(rows[0]?.[at] ?? 0);
  });
  const loaded = columns.findIndex(({ name }) => name === "rows_loaded");
  if (loaded >= 0) counts.rowsInserted = rows.reduce((sum, row) => sum + Number(row[loaded] ?? 0), 0);
  const changed = Object.values(counts);
  const rowsProduced = changed.length === 0 ? rows.length : changed.reduce((sum, count) => sum + count, 0);
  return { ...counts, rowsProduced, bytesScanned };
}
