import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "../engine/physical-name.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { bodyOf, generate, type Node } from "../sql/polyglot.ts";
import { rewrite, sqlOf } from "../sql/rewrite.ts";
import type { Rewriting } from "../sql/rewriting.ts";
import { parseStatement } from "../sql/translate-query.ts";
import { countResult } from "./count-result.ts";
import { defaultSql } from "./default-sql.ts";
import { columnOf, type DmlTarget, dmlTarget } from "./dml-target.ts";
import { perBindRow } from "./per-bind-row.ts";
import { requireOnObject, requireReads } from "./privileges.ts";
import { runWork } from "./run-work.ts";
import { stageScope } from "./stage-scope.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";
import { type Assignment, storedAssignments } from "./typed-expressions.ts";

/** MERGE INTO … USING … ON … WHEN …. */
export const mergeStatement: StatementKind = { words: ["MERGE"], execute: (call) => perBindRow(call, merge) };

/** A WHEN of the statement. */
interface When {
  readonly action: "update" | "delete" | "insert";
  readonly condition: string | null;
  readonly assignments: readonly Assignment[];
}

interface Merge {
  readonly target: DmlTarget;
  readonly source: string;
  readonly on: string;
  readonly whens: readonly When[];
}

async function merge(call: StatementCall): Promise<StatementResult> {
  await using stages = await stageScope(call);
  const { tree, rewriting } = await parseStatement(stages.text, stages.scope);
  const body = bodyOf(tree, "merge");
  if (body === null) throw syntaxError();
  const target = mergeTarget(body["this"], call);
  const whens = ((bodyOf(body["whens"], "whens")?.["expressions"] ?? []) as readonly unknown[]).map((when) =>
    readWhen(bodyOf(when, "when")!, target.table, rewriting),
  );
  const statement: Merge = {
    target,
    source: generate(rewrite(body["using"], rewriting) as Node),
    on: sqlOf(body["on"], rewriting),
    whens,
  };
  for (const { action } of whens) requireOnObject(call, action.toUpperCase(), { kind: "TABLE", name: target.name });
  const reads = [...rewriting.reads.values()];
  requireReads(call, rewriting.named);
  return runWork(call, {
    reads,
    writes: [{ table: target.name, access: "lock" }],
    run: async (connection) => {
      const sql = await mergeSql(connection, statement);
      const counts = call.describeOnly ? { inserted: 0, updated: 0, deleted: 0 } : await countRows(connection, statement);
      if (!call.describeOnly) await connection.run(sql);
      const has = (action: When["action"]) => whens.some((when) => when.action === action);
      return countResult(statementTypes.merge, {
        ...(has("insert") ? { inserted: counts.inserted } : {}),
        ...(has("update") ? { updated: counts.updated } : {}),
        ...(has("delete") ? { deleted: counts.deleted } : {}),
      });
    },
  });
}

function mergeTarget(node: unknown, call: StatementCall): DmlTarget {
  const alias = bodyOf(node, "alias");
  const table = bodyOf(alias === null ? node : alias["this"], "table");
  if (table === null) throw syntaxError();
  return dmlTarget(alias === null ? table : { ...table, alias: alias["alias"] }, call, "SELECT");
}

function readWhen(body: Node, table: TableDefinition, rewriting: Rewriting): When {
  const condition = (body["condition"] ?? null) === null ? null : sqlOf(body["condition"], rewriting);
  const then = body["then"];
  if (bodyOf(then, "var")?.["this"] === "DELETE") return { action: "delete", condition, assignments: [] };
  const parts = tupleOf(then);
  const action = bodyOf(parts[0], "var")?.["this"];
  if (action === "UPDATE") return { action: "update", condition, assignments: updates(tupleOf(parts[1]), table, rewriting) };
  if (action !== "INSERT") throw syntaxError();
  const columns = parts.length > 2 ? tupleOf(parts[1]).map((node) => columnOf(table, identifierOf(node))) : table.columns;
  const values = tupleOf(parts.at(-1));
  if (values.length !== columns.length)
    throw new SnowflakeError(
      "002020",
      "21S01",
      `SQL compilation error:\nInsert value list does not match column list expecting ${columns.length} but got ${values.length}`,
    );
  const assignments = values.map((value, index) => assignment(columns[index]!, value, rewriting));
  return { action: "insert", condition, assignments };
}

function updates(pairs: readonly unknown[], table: TableDefinition, rewriting: Rewriting): readonly Assignment[] {
  return pairs.map((pair) => {
    const { left, right } = bodyOf(pair, "eq") as { left: unknown; right: unknown };
    return assignment(columnOf(table, identifierOf(left)), right, rewriting);
  });
}

function assignment(column: ColumnDefinition, value: unknown, rewriting: Rewriting): Assignment {
  const expression = bodyOf(value, "var")?.["this"] === "DEFAULT" ? "DEFAULT" : sqlOf(value, rewriting);
  if (expression !== "DEFAULT") return { column, expression };
  return { column, expression: column.defaultSql === null ? "NULL" : defaultSql(column.defaultSql, rewriting.scope) };
}

async function mergeSql(connection: DuckDBConnection, { target, source, on, whens }: Merge): Promise<string> {
  const clauses: string[] = [];
  for (const { action, condition, assignments } of whens) {
    const when = `WHEN ${action === "insert" ? "NOT MATCHED" : "MATCHED"}${condition === null ? "" : ` AND (${condition})`} THEN`;
    const from = action === "insert" ? source : `${target.sql}, ${source}`;
    const values = await storedAssignments(connection, assignments, from);
    const names = assignments.map(({ column }) => quoted(column.name));
    if (action === "delete") clauses.push(`${when} DELETE`);
    else if (action === "insert") clauses.push(`${when} INSERT (${names.join(", ")}) VALUES (${values.join(", ")})`);
    else clauses.push(`${when} UPDATE SET ${names.map((name, index) => `${name} = ${values[index]}`).join(", ")}`);
  }
  return `MERGE INTO ${target.sql} USING ${source} ON ${on} ${clauses.join(" ")}`;
}

/** What the MERGE will do. Throws SnowflakeError 100090 where it would be up to chance: DuckDB takes any of several rows. */
async function countRows(
  connection: DuckDBConnection,
  { target, source, on, whens }: Merge,
): Promise<{ readonly inserted: number; readonly updated: number; readonly deleted: number }> {
  const rowId = `${target.alias}.rowid`;
  const branch = (isMatched: boolean) => {
    const cases = whens
      .filter(({ action }) => (action !== "insert") === isMatched)
      .map(({ action, condition }) => `WHEN ${condition === null ? "true" : `(${condition})`} THEN '${action}'`);
    return cases.length === 0 ? "NULL" : `CASE ${cases.join(" ")} END`;
  };
  const reader = await connection.runAndReadAll(
    `WITH joined AS (
       SELECT ${rowId} AS id, CASE WHEN ${rowId} IS NULL THEN ${branch(false)} ELSE ${branch(true)} END AS action
       FROM ${source} LEFT JOIN ${target.sql} ON ${on}
     ), matched AS (
       SELECT count(*) AS n, count(*) FILTER (WHERE action = 'update') AS updates FROM joined
       WHERE id IS NOT NULL AND action IS NOT NULL GROUP BY id
     )
     SELECT (SELECT count(*) FROM joined WHERE action = 'insert'), count(*) FILTER (WHERE updates > 0),
       count(*) FILTER (WHERE updates = 0), count(*) FILTER (WHERE n > 1 AND updates > 0) FROM matched`,
  );
  const [inserted, updated, deleted, ambiguous] = reader.getRows()[0]!.map(Number);
  if (ambiguous! > 0) throw new SnowflakeError("100090", "42P18", "Duplicate row detected during DML action");
  return { inserted: inserted!, updated: updated!, deleted: deleted! };
}

function tupleOf(node: unknown): readonly unknown[] {
  const tuple = bodyOf(node, "tuple");
  if (tuple === null) throw syntaxError();
  return tuple["expressions"] as readonly unknown[];
}

function identifierOf(node: unknown): { readonly name: string; readonly quoted: boolean } {
  const identifier = bodyOf(node, "identifier") ?? bodyOf(node, "column")?.["name"];
  if (identifier === undefined || identifier === null) throw syntaxError();
  return identifier as { name: string; quoted: boolean };
}

function syntaxError(): SnowflakeError {
  return new SnowflakeError("001003", "42000", "SQL compilation error:\nsyntax error in MERGE.");
}
