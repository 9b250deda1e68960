import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "../engine/physical-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { bodyOf, type Node } from "../sql/polyglot.ts";
import { sqlOf } from "../sql/rewrite.ts";
import { fromSql, whereSql } from "../sql/from-sql.ts";
import type { Rewriting } from "../sql/rewriting.ts";
import { parseStatement } from "../sql/translate-query.ts";
import { countResult } from "./count-result.ts";
import { defaultSql } from "./default-sql.ts";
import { columnOf, dmlTarget } from "./dml-target.ts";
import { perBindRow } from "./per-bind-row.ts";
import { requireReads } from "./privileges.ts";
import { runWork } from "./run-work.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";
import { storedAssignments } from "./typed-expressions.ts";

type Identifier = { readonly name: string; readonly quoted: boolean };

/** UPDATE … SET … [FROM …] [WHERE …]. */
export const updateStatement: StatementKind = { words: ["UPDATE"], execute: (call) => perBindRow(call, update) };

async function update(call: StatementCall): Promise<StatementResult> {
  const { tree, rewriting } = await parseStatement(call.text, scopeOf(call));
  const body = bodyOf(tree, "update");
  if (body === null) throw new SnowflakeError("001003", "42000", "SQL compilation error:\nsyntax error in UPDATE.");
  const target = dmlTarget(body["table"] as Node, call, "UPDATE");
  const assignments = (body["set"] as readonly (readonly [Identifier, unknown])[]).map(([identifier, value]) => {
    const column = columnOf(target.table, identifier);
    const expression = sqlOf(value, rewriting);
    const isDefault = expression === "DEFAULT";
    return { column, expression: isDefault ? defaultOf(column.defaultSql, rewriting) : expression };
  });
  const relations = (body["from_clause"] as { readonly expressions: readonly unknown[] } | null)?.expressions ?? [];
  const from = fromSql(relations, (body["from_joins"] ?? []) as readonly unknown[], rewriting);
  const where = whereSql(body, rewriting);
  const reads = [...rewriting.reads.values()];
  requireReads(call, rewriting.named);
  return runWork(call, {
    reads,
    writes: [{ table: target.name, access: "lock" }],
    run: async (connection) => {
      const joined = [target.sql, ...(from === null ? [] : [from])].join(", ");
      const values = await storedAssignments(connection, assignments, `${joined}${where}`);
      if (call.describeOnly) return countResult(statementTypes.update, { updated: 0, multiJoined: 0 });
      const sets = assignments.map(({ column }, index) => `${quoted(column.name)} = ${values[index]}`).join(", ");
      const found = from === null ? null : await joinedRows(connection, `${joined}${where}`, target.alias);
      const sql = `UPDATE ${target.sql} SET ${sets}${from === null ? "" : ` FROM ${from}`}${where}`;
      const { rowsChanged } = await connection.run(sql);
      const updated = found?.rows ?? rowsChanged;
      return countResult(statementTypes.update, { updated, multiJoined: found?.multiJoined ?? 0 });
    },
  });
}

function defaultOf(text: string | null, rewriting: Rewriting): string {
  return text === null ? "NULL" : defaultSql(text, rewriting.scope);
}

/** How many rows of the target a join finds, and how many of them more than once. */
async function joinedRows(
  connection: DuckDBConnection,
  relations: string,
  alias: string,
): Promise<{ readonly rows: number; readonly multiJoined: number }> {
  const reader = await connection.runAndReadAll(
    `SELECT count(*), count(*) FILTER (WHERE n > 1) FROM (SELECT count(*) AS n FROM ${relations} GROUP BY ${alias}.rowid)`,
  );
  const [rows, multiJoined] = reader.getRows()[0]!.map(Number);
  return { rows: rows!, multiJoined: multiJoined! };
}
