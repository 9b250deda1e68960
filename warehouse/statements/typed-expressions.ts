import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { storedValue } from "../engine/stored-value.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";

/** A column and the DuckDB expression that it is set to. */
export interface Assignment {
  readonly column: ColumnDefinition;
  readonly expression: string;
}

/** The expressions as their columns store them. `from` is what they are read from, with WHERE where that is needed. */
export async function storedAssignments(
  connection: DuckDBConnection,
  assignments: readonly Assignment[],
  from: string,
): Promise<readonly string[]> {
  const plain = assignments.map(({ expression }) => (expression === "DEFAULT" ? "NULL" : expression));
  if (plain.length === 0) return [];
  const statement = await connection.prepare(`SELECT ${plain.join(", ")} FROM ${from}`);
  try {
    return assignments.map(({ column, expression }, index) =>
      expression === "DEFAULT" ? expression : storedValue(expression, column.type, typeName(statement.columnType(index))),
    );
  } finally {
    statement.destroySync();
  }
}

/** A type of DuckDB as `storedValue` names it. */
export function typeName(type: DuckDBType): string {
  return type.alias ?? type.toString();
}
