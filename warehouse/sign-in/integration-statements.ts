import type { StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { requirePrivilege } from "../statements/privileges.ts";
import { runDdl } from "../statements/run-ddl.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { propertyList } from "./property-list.ts";

/** CREATE and DROP of security integrations. */
export const integrationStatements: readonly StatementKind[] = [
  { words: ["CREATE", "SECURITY", "INTEGRATION"], execute: createIntegration },
  { words: ["CREATE", "OR", "REPLACE", "SECURITY", "INTEGRATION"], execute: createIntegration },
  { words: ["DROP", "SECURITY", "INTEGRATION"], execute: dropIntegration },
  { words: ["DROP", "INTEGRATION"], execute: dropIntegration },
];

async function createIntegration(call: StatementCall): Promise<StatementResult> {
  const { account } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("CREATE");
  const replace = cursor.accept("OR", "REPLACE");
  cursor.expect("SECURITY", "INTEGRATION");
  const ifNotExists = cursor.accept("IF", "NOT", "EXISTS");
  const name = cursor.identifier();
  const properties = propertyList(cursor);
  requirePrivilege(call, "CREATE INTEGRATION", { kind: "ACCOUNT", name: account.name });
  return runDdl(call, async () => {
    if (ifNotExists && account.integrations.list().some((one) => one.name === name))
      return `${name} already exists, statement succeeded.`;
    account.integrations.create(name, properties, replace);
    return `Integration ${name} successfully created.`;
  });
}

async function dropIntegration(call: StatementCall): Promise<StatementResult> {
  const { account } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP");
  cursor.accept("SECURITY");
  cursor.expect("INTEGRATION");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  cursor.end();
  requirePrivilege(call, "CREATE INTEGRATION", { kind: "ACCOUNT", name: account.name });
  return runDdl(call, async () => {
    if (ifExists && !account.integrations.list().some((one) => one.name === name))
      return `Drop statement executed successfully (${name} already dropped).`;
    account.integrations.drop(name);
    return `${name} successfully dropped.`;
  });
}
