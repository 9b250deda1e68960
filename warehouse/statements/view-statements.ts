import { exists, missing } from "../engine/catalog.ts";
import { objectText } from "../engine/object-name.ts";
import type { StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { createHead, optionValue } from "./create-options.ts";
import { containersOf, requireCreate } from "./privileges.ts";
import { runQuery } from "./query-statement.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

const words = ["SECURE", "TEMPORARY", "TEMP", "RECURSIVE"];

/** CREATE [OR REPLACE] [SECURE] VIEW … AS SELECT. */
export const viewStatements: readonly StatementKind[] = [
  ["CREATE", "VIEW"],
  ["CREATE", "OR", "REPLACE", "VIEW"],
  ...words.flatMap((word) => [
    ["CREATE", word, "VIEW"],
    ["CREATE", "OR", "REPLACE", word, "VIEW"],
  ]),
].map((first) => ({ words: first, execute: createView }));

async function createView(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "VIEW", words);
  const name = cursor.objectName(session);
  if (!account.catalog.hasSchema(name.database, name.schema)) throw missing("Schema", `${name.database}.${name.schema}`);
  requireCreate(call, "CREATE VIEW", name);
  if (account.catalog.table(name, session.id) !== null) throw exists(name);
  if (account.catalog.view(name) !== null) {
    if (head.ifNotExists) return runDdl(call, async () => `${name.name} already exists, statement succeeded.`);
    if (!head.replace) throw exists(name);
  }
  const names = cursor.sees("(") ? columnNames(cursor.parenthesized()) : null;
  while (!cursor.sees("AS")) {
    if (cursor.accept("COPY", "GRANTS")) continue;
    cursor.take();
    cursor.expect("=");
    optionValue(cursor);
  }
  cursor.expect("AS");
  const text = cursor.rest();
  const described = await runQuery({ ...call, text, describeOnly: true });
  const columns = described.columns.map((column, index) => ({
    name: names?.[index] ?? column.name,
    type: column.type,
    nullable: true,
    defaultSql: null,
  }));
  return runDdl(call, async (connection) => {
    await account.catalog.createView({ name, text, columns, owner: session.role }, connection);
    // A view is read as a table is.
    await account.catalog.grants.created({ kind: "VIEW", name: objectText(name) }, session.role, containersOf(name));
    return `View ${name.name} successfully created.`;
  });
}

function columnNames(text: string): readonly string[] {
  const cursor = new TokenCursor(text);
  const names: string[] = [];
  while (!cursor.isAtEnd) {
    names.push(cursor.identifier());
    if (cursor.accept("COMMENT")) cursor.string();
    cursor.accept(",");
  }
  return names;
}
