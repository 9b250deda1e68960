import { missing } from "../engine/catalog.ts";
import { identifierText } from "../engine/object-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { createHead, options } from "./create-options.ts";
import { requirePrivilege, schemaText } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

/** CREATE and DROP of databases and schemas. */
export const databaseStatements: readonly StatementKind[] = [
  ...createWords("DATABASE").map((words) => ({ words, execute: createDatabase })),
  ...createWords("SCHEMA").map((words) => ({ words, execute: createSchema })),
  { words: ["DROP", "DATABASE"], execute: dropDatabase },
  { words: ["DROP", "SCHEMA"], execute: dropSchema },
];

function createWords(kind: string): readonly (readonly string[])[] {
  return [[], ["OR", "REPLACE"]].flatMap((replace) =>
    [[], ["TRANSIENT"]].map((transient) => ["CREATE", ...replace, ...transient, kind]),
  );
}

async function createDatabase(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "DATABASE", ["TRANSIENT"]);
  const name = cursor.identifier();
  options(cursor);
  requirePrivilege(call, "CREATE DATABASE", { kind: "ACCOUNT", name: account.name });
  const isPresent = account.catalog.hasDatabase(name);
  if (isPresent && head.ifNotExists) return runDdl(call, async () => `${name} already exists, statement succeeded.`);
  if (isPresent && !head.replace) throw alreadyExists(name);
  return runDdl(call, async (connection) => {
    if (isPresent) await account.catalog.dropDatabase(name, connection);
    await account.catalog.createDatabase(name, connection);
    await account.catalog.grants.created({ kind: "DATABASE", name: identifierText(name) }, session.role);
    await account.catalog.grants.created(
      { kind: "SCHEMA", name: schemaText({ database: name, schema: "PUBLIC" }) },
      session.role,
    );
    // As Snowflake does, the session is in what it has made.
    session.database = name;
    session.schema = "PUBLIC";
    return `Database ${name} successfully created.`;
  });
}

async function createSchema(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "SCHEMA", ["TRANSIENT"]);
  const { database, schema } = schemaName(cursor, call);
  while (cursor.accept("WITH", "MANAGED", "ACCESS"));
  options(cursor);
  if (!account.catalog.hasDatabase(database)) throw missing("Database", identifierText(database));
  requirePrivilege(call, "CREATE SCHEMA", { kind: "DATABASE", name: identifierText(database) });
  const isPresent = account.catalog.hasSchema(database, schema);
  if (isPresent && head.ifNotExists) return runDdl(call, async () => `${schema} already exists, statement succeeded.`);
  if (isPresent && !head.replace) throw alreadyExists(schemaText({ database, schema }));
  return runDdl(call, async (connection) => {
    if (isPresent) {
      await account.catalog.dropSchema(database, schema, connection);
      await account.stages.dropSchema(database, schema);
      await account.pipes.dropSchema(database, schema);
    }
    await account.catalog.createSchema(database, schema, connection);
    await account.catalog.grants.created({ kind: "SCHEMA", name: schemaText({ database, schema }) }, session.role);
    session.database = database;
    session.schema = schema;
    return `Schema ${schema} successfully created.`;
  });
}

async function dropDatabase(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", "DATABASE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  if (!cursor.accept("CASCADE")) cursor.accept("RESTRICT");
  cursor.end();
  if (!account.catalog.hasDatabase(name)) {
    if (ifExists) return runDdl(call, async () => `Drop statement executed successfully (${name} already dropped).`);
    throw missing("Database", identifierText(name));
  }
  requirePrivilege(call, "OWNERSHIP", { kind: "DATABASE", name: identifierText(name) });
  return runDdl(call, async (connection) => {
    await account.catalog.dropDatabase(name, connection);
    await account.stages.dropSchema(name, null);
    await account.pipes.dropSchema(name, null);
    await account.stages.dropSchema(name, null);
    await account.catalog.grants.forget({ kind: "DATABASE", name: identifierText(name) });
    if (session.database === name) [session.database, session.schema] = [null, null];
    return `${name} successfully dropped.`;
  });
}

async function dropSchema(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", "SCHEMA");
  const ifExists = cursor.accept("IF", "EXISTS");
  const { database, schema } = schemaName(cursor, call);
  if (!cursor.accept("CASCADE")) cursor.accept("RESTRICT");
  cursor.end();
  const name = schemaText({ database, schema });
  if (!account.catalog.hasSchema(database, schema)) {
    if (ifExists) return runDdl(call, async () => `Drop statement executed successfully (${schema} already dropped).`);
    throw missing("Schema", name);
  }
  requirePrivilege(call, "OWNERSHIP", { kind: "SCHEMA", name });
  return runDdl(call, async (connection) => {
    await account.catalog.dropSchema(database, schema, connection);
    await account.stages.dropSchema(database, schema);
    await account.pipes.dropSchema(database, schema);
    await account.stages.dropSchema(database, schema);
    await account.catalog.grants.forget({ kind: "SCHEMA", name });
    if (session.database === database && session.schema === schema) session.schema = null;
    return `${schema} successfully dropped.`;
  });
}

/** A schema's name, completed from the session. Throws SnowflakeError where that has no database. */
export function schemaName(
  cursor: TokenCursor,
  { session }: StatementCall,
): { readonly database: string; readonly schema: string } {
  const parts = cursor.nameParts();
  const database = parts.at(-2) ?? session.database;
  if (database === null)
    throw new SnowflakeError(
      "090105",
      "22000",
      "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
    );
  return { database, schema: parts.at(-1)! };
}

function alreadyExists(name: string): SnowflakeError {
  return new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name}' already exists.`);
}
