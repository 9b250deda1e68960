import { physicalName } from "../engine/physical-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { fromSql, whereSql } from "../sql/from-sql.ts";
import { bodyOf } from "../sql/polyglot.ts";
import { parseStatement } from "../sql/translate-query.ts";
import { tokenize } from "../sql/tokens.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { countResult, statusResult } from "./count-result.ts";
import { dmlTarget, tableOf } from "./dml-target.ts";
import { perBindRow } from "./per-bind-row.ts";
import { requireOnObject, requireReads } from "./privileges.ts";
import { runWork } from "./run-work.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** DELETE FROM … [USING …] [WHERE …]. */
export const deleteStatement: StatementKind = { words: ["DELETE"], execute: (call) => perBindRow(call, deleteRows) };

/** TRUNCATE [TABLE] [IF EXISTS]: it forgets which files were loaded into the table, too. */
export const truncateStatement: StatementKind = { words: ["TRUNCATE"], execute: truncate };

async function deleteRows(call: StatementCall): Promise<StatementResult> {
  const { tree, rewriting } = await parseStatement(asQuery(call.text), scopeOf(call));
  const body = bodyOf(tree, "select");
  const [first, ...others] = (body?.["from"] as { readonly expressions: readonly unknown[] } | null)?.expressions ?? [];
  const table = bodyOf(first, "table");
  if (body === null || table === null)
    throw new SnowflakeError("001003", "42000", "SQL compilation error:\nsyntax error in DELETE.");
  const target = dmlTarget(table, call, "DELETE");
  const using = fromSql(others, body["joins"] as readonly unknown[], rewriting);
  const where = whereSql(body, rewriting);
  const reads = [...rewriting.reads.values()];
  requireReads(call, rewriting.named);
  return runWork(call, {
    reads,
    writes: [{ table: target.name, access: "lock" }],
    run: async (connection) => {
      if (call.describeOnly) return countResult(statementTypes.delete, { deleted: 0 });
      const { rowsChanged } = await connection.run(`DELETE FROM ${target.sql}${using === null ? "" : ` USING ${using}`}${where}`);
      return countResult(statementTypes.delete, { deleted: rowsChanged });
    },
  });
}

async function truncate(call: StatementCall): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  cursor.expect("TRUNCATE");
  cursor.accept("TABLE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.objectName(call.session);
  cursor.end();
  if (ifExists && call.account.catalog.table(name, call.session.id) === null) return statusResult(statementTypes.truncate);
  const table = tableOf(name, call);
  requireOnObject(call, "TRUNCATE", { kind: "TABLE", name });
  return runWork(call, {
    reads: [],
    writes: [{ table: name, access: "lock" }],
    run: async (connection) => {
      if (!call.describeOnly) {
        await connection.run(`DELETE FROM ${physicalName(table)}`);
        await call.account.copyHistory.forget(connection, table.id);
      }
      return statusResult(statementTypes.truncate);
    },
  });
}

/** A DELETE as the query over the same relations: the library does not know all that USING may be. */
function asQuery(text: string): string {
  const tokens = tokenize(text);
  if (tokens[1]?.value !== "FROM") throw new TokenCursor(text.slice(tokens[1]?.start ?? text.length)).unexpected();
  let depth = 0;
  const using = tokens.find((token) => {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    return depth === 0 && token.kind === "word" && token.value === "USING";
  });
  const from = tokens[1].end;
  const rest = using === undefined ? text.slice(from) : `${text.slice(from, using.start)}, ${text.slice(using.end)}`;
  return `SELECT 1 FROM ${rest}`;
}
