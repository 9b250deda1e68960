import { identifierText } from "../engine/object-name.ts";
import { missing } from "../engine/catalog.ts";
import type { StatementResult } from "../result.ts";
import { completeName, TokenCursor } from "../sql/token-cursor.ts";
import { statusResult } from "./count-result.ts";
import { tableOf } from "./dml-target.ts";
import { requireOnObject } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** COMMENT [IF EXISTS] ON TABLE and ON COLUMN. */
export const commentStatements: readonly StatementKind[] = [
  { words: ["COMMENT", "ON"], execute: comment },
  { words: ["COMMENT", "IF", "EXISTS", "ON"], execute: comment },
];

async function comment(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("COMMENT");
  const ifExists = cursor.accept("IF", "EXISTS");
  cursor.expect("ON");
  const isColumn = cursor.accept("COLUMN");
  if (!isColumn) cursor.expect("TABLE");
  const parts = cursor.nameParts();
  cursor.expect("IS");
  const text = cursor.string();
  cursor.end();
  const name = completeName(isColumn ? parts.slice(0, -1) : parts, session);
  if (ifExists && account.catalog.table(name, session.id) === null) return statusResult(statementTypes.alter);
  const table = tableOf(name, call);
  requireOnObject(call, "OWNERSHIP", { kind: "TABLE", name });
  const column = parts.at(-1)!;
  if (isColumn && !table.columns.some((each) => each.name === column)) throw missing("Column", identifierText(column));
  return runDdl(
    call,
    async (connection) => {
      await account.catalog.alterTable({
        table,
        sessionId: session.id,
        connection,
        change: (current) => ({
          changed: isColumn
            ? { ...current, columns: current.columns.map((each) => (each.name === column ? { ...each, comment: text } : each)) }
            : { ...current, comment: text },
          sql: [],
        }),
      });
      return "Statement executed successfully.";
    },
    statementTypes.alter,
  );
}
