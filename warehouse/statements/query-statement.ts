import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { duckdbType, snowflakeTypeOf } from "../engine/duckdb-types.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import type { ResultColumn, StatementResult } from "../result.ts";
import { bodyOf, type Node } from "../sql/polyglot.ts";
import type { Rewriting } from "../sql/rewriting.ts";
import { columnName } from "../sql/variants.ts";
import { parseStatement, querySql } from "../sql/translate-query.ts";
import { requireReads } from "./privileges.ts";
import { resultRows } from "./result-rows.ts";
import { runWork } from "./run-work.ts";
import { stageScope } from "./stage-scope.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** SELECT, and whatever else answers rows of tables. */
export const queryStatements: readonly StatementKind[] = [["SELECT"], ["WITH"], ["VALUES"], ["("]].map((words) => ({
  words,
  execute: runQuery,
}));

/** Runs a query. */
export async function runQuery(call: StatementCall): Promise<StatementResult> {
  await using stages = await stageScope(call);
  const { tree, prepared, rewriting } = await parseStatement(stages.text, stages.scope);
  const sql = querySql(tree, prepared.text, rewriting);
  const reads = [...rewriting.reads.values()];
  requireReads(call, reads);
  const columnsOf = declaredColumns(tree, rewriting);
  // Waited for, so that the files of its stages stay until then.
  return await runWork(call, {
    reads,
    writes: [],
    run: async (connection) => {
      if (call.describeOnly)
        return { columns: await describe(connection, sql, columnsOf), rows: [], typeId: statementTypes.select };
      const reader = await connection.runAndReadAll(sql);
      const columns = reader.columnNames().map((name, index) => resultColumn(name, reader.columnType(index), columnsOf));
      const rows = resultRows(
        reader,
        columns.map(({ type }) => type),
      );
      return { columns, rows, typeId: statementTypes.select };
    },
  });
}

/** The columns of DuckDB's query, without running it. */
async function describe(connection: DuckDBConnection, sql: string, columnsOf: DeclaredColumns): Promise<readonly ResultColumn[]> {
  const statement = await connection.prepare(sql);
  try {
    return Array.from({ length: statement.columnCount }, (_, index) =>
      resultColumn(statement.columnName(index), statement.columnType(index), columnsOf),
    );
  } finally {
    statement.destroySync();
  }
}

/** The table columns that a result's column of that name may be, as it is. */
export type DeclaredColumns = (name: string) => readonly ColumnDefinition[];

/** A result's column: where it is a table's column as it is, it has that one's type with its length and scale. */
export function resultColumn(name: string, type: DuckDBType, columnsOf: DeclaredColumns): ResultColumn {
  const own = snowflakeTypeOf(type);
  const declared = columnsOf(name).filter((column) => duckdbType(column.type) === duckdbType(own));
  const [first] = declared;
  const isOne = first !== undefined && declared.every((column) => JSON.stringify(column.type) === JSON.stringify(first.type));
  return { name, type: isOne ? first.type : own, nullable: declared.length === 0 || declared.some(({ nullable }) => nullable) };
}

/** Which of a query's items are columns of tables as they are. */
export function declaredColumns(tree: Node, { columns }: Rewriting): DeclaredColumns {
  const sources = new Map<string, string>();
  let hasStar = false;
  for (const item of (bodyOf(tree, "select")?.["expressions"] ?? []) as readonly Node[]) {
    if ("star" in item) hasStar = true;
    const alias = bodyOf(item, "alias");
    const column = bodyOf(alias === null ? item : alias["this"], "column");
    if (column === null) continue;
    const name = columnName(column);
    sources.set(alias === null ? name : columnName({ name: alias["alias"] }), name);
  }
  return (name) => columns.get(sources.get(name) ?? (hasStar ? name : "")) ?? [];
}
