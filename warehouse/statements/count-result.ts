import type { StatementResult } from "../result.ts";

/** Rows that a statement has changed; what it cannot do is absent. */
export interface RowCounts {
  readonly inserted?: number;
  readonly updated?: number;
  readonly deleted?: number;
  readonly multiJoined?: number;
}

/** The answer of DML: a row with a count for each thing that the statement does. */
export function countResult(typeId: number, { inserted, updated, deleted, multiJoined }: RowCounts): StatementResult {
  const counts: readonly (readonly [name: string, count: number | undefined])[] = [
    ["number of rows inserted", inserted],
    ["number of rows updated", updated],
    ["number of rows deleted", deleted],
    ["number of multi-joined rows updated", multiJoined],
  ];
  const present = counts.filter(([, count]) => count !== undefined);
  return {
    columns: present.map(([name]) => ({ name, type: { kind: "NUMBER", precision: 18, scale: 0 }, nullable: false })),
    rows: [present.map(([, count]) => String(count))],
    typeId,
  };
}

/** The answer of what only says that it was done. */
export function statusResult(typeId: number, status = "Statement executed successfully."): StatementResult {
  return {
    columns: [{ name: "status", type: { kind: "VARCHAR", length: 16_777_216 }, nullable: true }],
    rows: [[status]],
    typeId,
  };
}
