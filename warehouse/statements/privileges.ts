import { missing } from "../engine/catalog.ts";
import { type ObjectName, identifierText, objectText } from "../engine/object-name.ts";
import type { Securable } from "../engine/grants.ts";
import { SnowflakeError } from "../result.ts";
import type { NamedObject } from "../sql/rewriting.ts";
import type { StatementCall } from "./statement.ts";

type Caller = Pick<StatementCall, "account" | "session">;

/**
 * Throws Snowflake's error where the session's role may not do that with the object: 002003 where it may not even know that it
 * is there, 003001 where it may.
 */
export function requirePrivilege({ account, session }: Caller, privilege: string, on: Securable): void {
  const { grants } = account.catalog;
  if (grants.allows(session.role, privilege, on)) return;
  // Everybody knows the account.
  if (on.kind !== "ACCOUNT" && !grants.knows(session.role, on)) throw missing(titled(on.kind), on.name);
  throw new SnowflakeError(
    "003001",
    "42501",
    `SQL access control error:\nInsufficient privileges to operate on ${on.kind.toLowerCase()} '${on.name.split(".").at(-1)}'.`,
  );
}

/** The same for an object of a schema: its database and its schema have to be usable too. */
export function requireOnObject(caller: Caller, privilege: string, { kind, name }: { kind: string; name: ObjectName }): void {
  const { session, account } = caller;
  if (account.catalog.table(name, session.id)?.kind === "temporary") return;
  requireUsage(caller, name);
  requirePrivilege(caller, privilege, { kind, name: objectText(name) });
}

/** Throws Snowflake's error where the session's role may not make such an object in the schema: `CREATE TABLE`. */
export function requireCreate(caller: Caller, privilege: string, schema: Pick<ObjectName, "database" | "schema">): void {
  requireUsage(caller, schema);
  requirePrivilege(caller, privilege, { kind: "SCHEMA", name: schemaText(schema) });
}

/** SELECT on all of them. */
export function requireReads(caller: Caller, objects: readonly NamedObject[]): void {
  for (const object of objects) requireOnObject(caller, "SELECT", object);
}

/** A schema's whole name as SQL writes it. */
export function schemaText({ database, schema }: Pick<ObjectName, "database" | "schema">): string {
  return `${identifierText(database)}.${identifierText(schema)}`;
}

/** The schema and the database that an object is in, from inside to outside. */
export function containersOf(name: Pick<ObjectName, "database" | "schema">): readonly Securable[] {
  return [
    { kind: "SCHEMA", name: schemaText(name) },
    { kind: "DATABASE", name: identifierText(name.database) },
  ];
}

function requireUsage({ account, session }: Caller, name: Pick<ObjectName, "database" | "schema">): void {
  const { grants } = account.catalog;
  for (const on of containersOf(name).toReversed())
    if (!grants.allows(session.role, "USAGE", on) && !grants.knows(session.role, on)) throw missing(titled(on.kind), on.name);
}

function titled(kind: string): string {
  return kind[0]! + kind.slice(1).toLowerCase();
}
