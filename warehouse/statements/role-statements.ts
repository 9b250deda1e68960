import { missing } from "../engine/catalog.ts";
import { identifierText } from "../engine/object-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { createHead, options } from "./create-options.ts";
import { requirePrivilege } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

/** CREATE, ALTER and DROP ROLE. */
export const roleStatements: readonly StatementKind[] = [
  { words: ["CREATE", "ROLE"], execute: createRole },
  { words: ["CREATE", "OR", "REPLACE", "ROLE"], execute: createRole },
  { words: ["ALTER", "ROLE"], execute: alterRole },
  { words: ["DROP", "ROLE"], execute: dropRole },
];

async function createRole(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const { grants } = account.catalog;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "ROLE");
  const name = cursor.identifier();
  const comment = options(cursor).get("COMMENT") ?? "";
  requirePrivilege(call, "CREATE ROLE", { kind: "ACCOUNT", name: account.name });
  if (grants.isRole(name) && !head.replace) {
    if (head.ifNotExists) return runDdl(call, async () => `${name} already exists, statement succeeded.`);
    throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name}' already exists.`);
  }
  return runDdl(call, async () => {
    await grants.createRole({ name, owner: session.role, comment });
    await grants.created({ kind: "ROLE", name: identifierText(name) }, session.role);
    return `Role ${name} successfully created.`;
  });
}

async function alterRole(call: StatementCall): Promise<StatementResult> {
  const { grants } = call.account.catalog;
  const cursor = new TokenCursor(call.text);
  cursor.expect("ALTER", "ROLE");
  cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  cursor.expect("SET");
  const comment = options(cursor).get("COMMENT") ?? "";
  const role = grants.roles().find((each) => each.name === name);
  if (role === undefined) throw missing("Role", name);
  requirePrivilege(call, "OWNERSHIP", { kind: "ROLE", name: identifierText(name) });
  return runDdl(call, async () => {
    await grants.createRole({ name, owner: role.owner, comment });
    return "Statement executed successfully.";
  });
}

async function dropRole(call: StatementCall): Promise<StatementResult> {
  const { grants } = call.account.catalog;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", "ROLE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  cursor.end();
  if (!grants.isRole(name)) {
    if (ifExists) return runDdl(call, async () => `Drop statement executed successfully (${name} already dropped).`);
    throw missing("Role", name);
  }
  requirePrivilege(call, "OWNERSHIP", { kind: "ROLE", name: identifierText(name) });
  return runDdl(call, async () => {
    await grants.dropRole(name);
    await grants.forget({ kind: "ROLE", name: identifierText(name) });
    return `${name} successfully dropped.`;
  });
}
