import { missing } from "../engine/catalog.ts";
import { objectText } from "../engine/object-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { requireOnObject } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

/** DROP TABLE and DROP VIEW. */
export const dropTableStatements: readonly StatementKind[] = [
  { words: ["DROP", "TABLE"], execute: (call) => drop(call, "TABLE") },
  { words: ["DROP", "VIEW"], execute: (call) => drop(call, "VIEW") },
];

async function drop(call: StatementCall, kind: "TABLE" | "VIEW"): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", kind);
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.objectName(session);
  if (!cursor.accept("CASCADE")) cursor.accept("RESTRICT");
  cursor.end();
  const table = account.catalog.table(name, session.id);
  const view = account.catalog.view(name);
  if ((kind === "TABLE" ? table : view) === null) {
    const other = kind === "TABLE" ? view : table;
    if (other !== null)
      throw new SnowflakeError(
        "002203",
        "42710",
        `SQL compilation error:\nObject found is of type '${kind === "TABLE" ? "VIEW" : "TABLE"}', not specified type '${kind}'.`,
      );
    if (ifExists) return runDdl(call, async () => `Drop statement executed successfully (${name.name} already dropped).`);
    throw missing(kind === "TABLE" ? "Table" : "View", objectText(name));
  }
  requireOnObject(call, "OWNERSHIP", { kind, name });
  return runDdl(call, async (connection) => {
    if (kind === "VIEW") await account.catalog.dropView(name, connection);
    else await account.catalog.dropTable(table!, session.id, connection);
    if (table !== null) await account.stages.dropTableStage(table.id);
    if (table?.kind !== "temporary") await account.catalog.grants.forget({ kind, name: objectText(name) });
    return `${name.name} successfully dropped.`;
  });
}
