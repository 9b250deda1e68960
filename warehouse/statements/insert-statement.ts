import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "../engine/physical-name.ts";
import { physicalName } from "../engine/physical-name.ts";
import { storedValue } from "../engine/stored-value.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { bindRows } from "../sql/binds.ts";
import { bodyOf, expressionOf, generate, type Node, stringOf } from "../sql/polyglot.ts";
import { isNumber } from "../sql/variants.ts";
import { rewrite, sqlOf } from "../sql/rewrite.ts";
import type { Rewriting } from "../sql/rewriting.ts";
import { type ParsedStatement, parseStatement } from "../sql/translate-query.ts";
import { countResult } from "./count-result.ts";
import { defaultSql } from "./default-sql.ts";
import { columnOf, dmlTarget } from "./dml-target.ts";
import { requireReads } from "./privileges.ts";
import { runWork } from "./run-work.ts";
import { typeName } from "./typed-expressions.ts";
import { stageScope } from "./stage-scope.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** INSERT [OVERWRITE] INTO. */
export const insertStatement: StatementKind = { words: ["INSERT"], execute: insert };

async function insert(call: StatementCall): Promise<StatementResult> {
  await using stages = await stageScope(call);
  const parsed = await parseStatement(stages.text, stages.scope);
  const body = bodyOf(parsed.tree, "insert");
  if (body === null || bodyOf({ table: body["table"] }, "table") === null)
    throw new SnowflakeError("001003", "42000", "SQL compilation error:\nsyntax error: INSERT INTO one table is supported here.");
  const { table, name } = dmlTarget(body["table"] as Node, call, "INSERT");
  const given = (body["columns"] ?? []) as readonly { readonly name: string; readonly quoted: boolean }[];
  const columns = given.length === 0 ? table.columns : given.map((identifier) => columnOf(table, identifier));
  const source = sourceSql(body, parsed, columns);
  const reads = [...parsed.rewriting.reads.values()];
  requireReads(call, parsed.rewriting.named);
  const names = columns.map((column) => quoted(column.name)).join(", ");
  const aliases = columns.map((_, index) => `"C${index}"`).join(", ");
  const into = `INSERT INTO ${physicalName(table)} (${names})`;
  const overwrite = body["overwrite"] === true;
  return runWork(call, {
    reads,
    writes: [{ table: name, access: overwrite ? "lock" : "append" }],
    run: async (connection) => {
      if (call.describeOnly) return countResult(statementTypes.insert, { inserted: 0 });
      const types = await columnTypes(connection, source);
      if (types.length !== columns.length)
        throw new SnowflakeError(
          "002020",
          "21S01",
          `SQL compilation error:\nInsert value list does not match column list expecting ${columns.length} but got ${types.length}`,
        );
      if (overwrite) await connection.run(`DELETE FROM ${physicalName(table)}`);
      const values = columns.map(({ type }, index) => storedValue(`"C${index}"`, type, types[index]));
      const result = await connection.run(`${into} SELECT ${values.join(", ")} FROM (${source}) AS "SOURCE"(${aliases})`);
      return countResult(statementTypes.insert, { inserted: result.rowsChanged });
    },
  });
}

function sourceSql(body: Node, { rewriting }: ParsedStatement, columns: readonly ColumnDefinition[]): string {
  const rows = (body["values"] ?? []) as readonly (readonly unknown[])[];
  if (rows.length === 0) return generate(rewrite(body["query"], rewriting) as Node);
  const texts = rows.map((row) => row.map((value, index) => valueSql(value, columns[index], rewriting)));
  const binds = bindRows(rewriting.scope.binds);
  if (binds !== null) return texts.map((row) => `SELECT ${row.join(", ")} FROM ${binds}`).join(" UNION ALL ");
  // DuckDB wants one type per column. Where that may not be, each value is stored by itself.
  const mixed = columns.map((_, index) => new Set(rows.flatMap((row) => literalKind(row[index]) ?? [])).size > 1);
  const values = texts.map((row) =>
    row.map((text, index) => (mixed[index] === true ? storedValue(text, columns[index]!.type) : text)).join(", "),
  );
  return `VALUES ${values.map((row) => `(${row})`).join(", ")}`;
}

/** What kind of value an expression is as it is written; null for NULL and DEFAULT. */
function literalKind(value: unknown): string | null {
  if (stringOf(value) !== null) return "text";
  if (isNumber(value)) return "number";
  const kind = expressionOf(value)?.[0] ?? null;
  return kind === "null" || kind === "var" ? null : kind;
}

function valueSql(value: unknown, column: ColumnDefinition | undefined, rewriting: Rewriting): string {
  if (bodyOf(value, "var")?.["this"] !== "DEFAULT") return sqlOf(value, rewriting);
  const text = column?.defaultSql ?? null;
  return text === null ? "NULL" : defaultSql(text, rewriting.scope);
}

/** The DuckDB types of a query's columns. */
async function columnTypes(connection: DuckDBConnection, sql: string): Promise<readonly string[]> {
  const prepared = await connection.prepare(sql);
  try {
    return Array.from({ length: prepared.columnCount }, (_, index) => typeName(prepared.columnType(index)));
  } finally {
    prepared.destroySync();
  }
}
