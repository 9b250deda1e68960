import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { duckdbType, snowflakeTypeOf } from "../engine/duckdb-types.ts";
import { parseType } from "../engine/parse-type.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import type { ResultColumn, StatementResult } from "../result.ts";
import { bodyOf, generate, type Node, typeTextOf } from "../sql/polyglot.ts";
import type { Rewriting } from "../sql/rewriting.ts";
import { columnName } from "../sql/variants.ts";
import { namedColumns, parseStatement } from "../sql/translate-query.ts";
import { rewrite } from "../sql/rewrite.ts";
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
  const { tree: plain, prepared, rewriting } = await parseStatement(stages.text, stages.scope);
  const tree = namedColumns(plain, prepared.text);
  const sql = generate(rewrite(tree, rewriting) as Node);
  const reads = [...rewriting.reads.values()];
  requireReads(call, rewriting.named);
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

/** What a result's column of that name is declared as: the table columns that it may be, or the type that it is cast to. */
type DeclaredColumns = (name: string) => readonly Pick<ColumnDefinition, "type" | "nullable">[];

/** A result's column: where it is a table's column as it is, or is cast, it has that one's type with its length and scale. */
function resultColumn(name: string, type: DuckDBType, columnsOf: DeclaredColumns): ResultColumn {
  const own = snowflakeTypeOf(type);
  const declared = columnsOf(name).filter((column) => duckdbType(column.type) === duckdbType(own));
  const [first] = declared;
  const isOne = first !== undefined && declared.every((column) => JSON.stringify(column.type) === JSON.stringify(first.type));
  return { name, type: isOne ? first.type : own, nullable: declared.length === 0 || declared.some(({ nullable }) => nullable) };
}

/** Which of a query's items are columns of tables as they are, and which are casts. */
function declaredColumns(tree: Node, { columns }: Rewriting): DeclaredColumns {
  const sources = new Map<string, string>();
  const casts = new Map<string, SnowflakeType>();
  let hasStar = false;
  for (const item of (bodyOf(tree, "select")?.["expressions"] ?? []) as readonly Node[]) {
    if ("star" in item) hasStar = true;
    const alias = bodyOf(item, "alias");
    const expression = alias === null ? item : alias["this"];
    const column = bodyOf(expression, "column");
    const cast = bodyOf(expression, "cast");
    const name = alias === null ? null : columnName({ name: alias["alias"] });
    if (column !== null) sources.set(name ?? columnName(column), columnName(column));
    if (cast !== null && name !== null) casts.set(name, parseType(typeTextOf(cast["to"])));
  }
  return (name) => {
    const cast = casts.get(name);
    if (cast !== undefined) return [{ type: cast, nullable: true }];
    return columns.get(sources.get(name) ?? (hasStar ? name : "")) ?? [];
  };
}
