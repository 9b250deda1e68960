import type { StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { createHead } from "../statements/create-options.ts";
import { requirePrivilege } from "../statements/privileges.ts";
import { runDdl } from "../statements/run-ddl.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { identifierText } from "../engine/object-name.ts";
import { propertyList, propertyText } from "./property-list.ts";

/** CREATE, ALTER and DROP USER, programmatic access tokens among them. */
export const userStatements: readonly StatementKind[] = [
  { words: ["CREATE", "USER"], execute: createUser },
  { words: ["CREATE", "OR", "REPLACE", "USER"], execute: createUser },
  { words: ["ALTER", "USER"], execute: alterUser },
  { words: ["DROP", "USER"], execute: dropUser },
];

async function createUser(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "USER");
  const name = cursor.identifier();
  const properties = propertyList(cursor);
  requirePrivilege(call, "CREATE USER", { kind: "ACCOUNT", name: account.name });
  return runDdl(call, async () => {
    if (account.users.get(name) !== null && head.ifNotExists) return `${name} already exists, statement succeeded.`;
    account.users.create(name, properties, head.replace);
    await account.catalog.grants.created({ kind: "USER", name: identifierText(name) }, session.role);
    return `User ${name} successfully created.`;
  });
}

async function alterUser(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("ALTER", "USER");
  const ifExists = cursor.accept("IF", "EXISTS");
  // Without a name it is whoever asks.
  const isOwn = ["SET", "UNSET", "ADD", "REMOVE"].some((word) => cursor.sees(word));
  const name = isOwn ? session.user : cursor.identifier();
  if (account.users.get(name) === null && ifExists) return runDdl(call, async () => "Statement executed successfully.");
  if (name !== session.user) requirePrivilege(call, "OWNERSHIP", { kind: "USER", name: identifierText(name) });
  if (cursor.accept("ADD", "PROGRAMMATIC", "ACCESS", "TOKEN") || cursor.accept("ADD", "PAT")) return addToken(call, cursor, name);
  if (cursor.accept("REMOVE", "PROGRAMMATIC", "ACCESS", "TOKEN") || cursor.accept("REMOVE", "PAT")) {
    const token = cursor.identifier();
    cursor.end();
    return runDdl(call, async () => {
      account.users.removeAccessToken(name, token);
      return `Programmatic access token ${token} successfully removed.`;
    });
  }
  const isSet = cursor.accept("SET");
  if (!isSet) cursor.expect("UNSET");
  const properties = isSet ? propertyList(cursor) : new Map(names(cursor).map((property) => [property, null]));
  return runDdl(call, async () => {
    account.users.alter(name, properties);
    return "Statement executed successfully.";
  });
}

/** The answer has the token's text, this once. */
async function addToken(call: StatementCall, cursor: TokenCursor, user: string): Promise<StatementResult> {
  const token = cursor.identifier();
  const properties = propertyList(cursor);
  const role = properties.get("ROLE_RESTRICTION");
  const days = properties.get("DAYS_TO_EXPIRY");
  let secret = "";
  const { typeId } = await runDdl(call, async () => {
    secret = call.account.users.addAccessToken(user, token, {
      ...(role === undefined ? {} : { roleRestriction: propertyText(role).toUpperCase() }),
      ...(days === undefined ? {} : { days: Number(days) }),
    });
    return "";
  });
  const column = { type: { kind: "VARCHAR", length: 16_777_216 }, nullable: true } as const;
  return {
    columns: [
      { name: "token_name", ...column },
      { name: "token_secret", ...column },
    ],
    rows: call.describeOnly ? [] : [[token, secret]],
    typeId,
  };
}

async function dropUser(call: StatementCall): Promise<StatementResult> {
  const { account } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", "USER");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  cursor.end();
  if (account.users.get(name) === null && ifExists)
    return runDdl(call, async () => `Drop statement executed successfully (${name} already dropped).`);
  requirePrivilege(call, "OWNERSHIP", { kind: "USER", name: identifierText(name) });
  return runDdl(call, async () => {
    account.users.drop(name);
    await account.catalog.grants.forget({ kind: "USER", name: identifierText(name) });
    return `${name} successfully dropped.`;
  });
}

function names(cursor: TokenCursor): readonly string[] {
  const found = [cursor.identifier().toUpperCase()];
  while (!cursor.isAtEnd) {
    cursor.accept(",");
    found.push(cursor.identifier().toUpperCase());
  }
  return found;
}
