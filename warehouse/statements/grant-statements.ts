import { missing } from "../engine/catalog.ts";
import type { Grant, Grantee, Securable } from "../engine/grants.ts";
import { identifierText, objectText } from "../engine/object-name.ts";
import { columns, type Listing, listingResult } from "../information-schema/listing.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { schemaName } from "./database-statements.ts";
import { requirePrivilege, schemaText } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** GRANT, REVOKE and SHOW GRANTS. */
export const grantStatements: readonly StatementKind[] = [
  { words: ["GRANT"], execute: grant },
  { words: ["REVOKE"], execute: revoke },
  { words: ["SHOW", "GRANTS"], execute: showGrants },
];

/** Privileges that ALL stands for, by the kind of object. */
const allPrivileges: Readonly<Record<string, readonly string[]>> = {
  TABLE: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES"],
  VIEW: ["SELECT", "REFERENCES"],
  STAGE: ["USAGE", "READ", "WRITE"],
  PIPE: ["MONITOR", "OPERATE"],
  SCHEMA: [
    "USAGE",
    "MONITOR",
    "MODIFY",
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE STAGE",
    "CREATE PIPE",
    "CREATE FILE FORMAT",
    "CREATE SEQUENCE",
  ],
  DATABASE: ["USAGE", "MONITOR", "MODIFY", "CREATE SCHEMA"],
  WAREHOUSE: ["USAGE", "MONITOR", "OPERATE", "MODIFY"],
  ACCOUNT: ["CREATE DATABASE", "CREATE ROLE", "CREATE USER", "CREATE WAREHOUSE", "CREATE INTEGRATION", "MANAGE GRANTS"],
};
const inSchemas = new Set([
  "TABLE",
  "VIEW",
  "STAGE",
  "PIPE",
  "FILE FORMAT",
  "SEQUENCE",
  "STREAM",
  "TASK",
  "FUNCTION",
  "PROCEDURE",
]);

async function grant(call: StatementCall): Promise<StatementResult> {
  const { grants } = call.account.catalog;
  const cursor = new TokenCursor(call.text);
  cursor.expect("GRANT");
  if (cursor.sees("ROLE")) {
    cursor.expect("ROLE");
    const role = cursor.identifier();
    cursor.expect("TO");
    const to = grantee(cursor, call);
    cursor.end();
    requirePrivilege(call, "OWNERSHIP", { kind: "ROLE", name: identifierText(role) });
    return runDdl(call, async () => (await grants.grantRole(role, to), done), statementTypes.grant);
  }
  const privileges = privilegeNames(cursor);
  const objects = securables(cursor, call);
  cursor.expect("TO");
  cursor.accept("ROLE");
  const role = cursor.identifier();
  const isOwnership = privileges.includes("OWNERSHIP");
  const grantOption = cursor.accept("WITH", "GRANT", "OPTION");
  if (isOwnership && !cursor.accept("COPY", "CURRENT", "GRANTS")) cursor.accept("REVOKE", "CURRENT", "GRANTS");
  cursor.end();
  for (const on of objects) requireGrantable(call, on, privileges);
  return runDdl(
    call,
    async () => {
      for (const on of objects) await grants.grant(named(privileges, on.kind), on, role, grantOption);
      return done;
    },
    statementTypes.grant,
  );
}

async function revoke(call: StatementCall): Promise<StatementResult> {
  const { grants } = call.account.catalog;
  const cursor = new TokenCursor(call.text);
  cursor.expect("REVOKE");
  if (cursor.accept("ROLE")) {
    const role = cursor.identifier();
    cursor.expect("FROM");
    const from = grantee(cursor, call);
    cursor.end();
    requirePrivilege(call, "OWNERSHIP", { kind: "ROLE", name: identifierText(role) });
    return runDdl(call, async () => (await grants.revokeRole(role, from), done), statementTypes.grant);
  }
  cursor.accept("GRANT", "OPTION", "FOR");
  const privileges = privilegeNames(cursor);
  const objects = securables(cursor, call);
  cursor.expect("FROM");
  cursor.accept("ROLE");
  const role = cursor.identifier();
  if (!cursor.accept("CASCADE")) cursor.accept("RESTRICT");
  cursor.end();
  for (const on of objects) requireGrantable(call, on, privileges);
  return runDdl(
    call,
    async () => {
      for (const on of objects) await grants.revoke(privileges, on, role);
      return done;
    },
    statementTypes.grant,
  );
}

const done = "Statement executed successfully.";

function grantee(cursor: TokenCursor, { account }: StatementCall): Grantee {
  if (!cursor.accept("USER")) {
    cursor.accept("ROLE");
    return { role: cursor.identifier() };
  }
  const user = cursor.identifier();
  if (account.users.get(user) === null) throw missing("User", user);
  return { user };
}

function privilegeNames(cursor: TokenCursor): readonly string[] {
  const privileges: string[] = [];
  do {
    const words: string[] = [];
    while (!cursor.sees("ON") && !cursor.sees(",")) words.push(cursor.identifier().toUpperCase());
    privileges.push(words.join(" ").replace(/^ALL PRIVILEGES$/, "ALL"));
  } while (cursor.accept(","));
  cursor.expect("ON");
  return privileges;
}

function named(privileges: readonly string[], kind: string): readonly string[] {
  const plain = kind.replace(/^FUTURE (\w+) IN .*$/, "$1");
  return privileges.flatMap((privilege) => (privilege === "ALL" ? (allPrivileges[plain] ?? ["USAGE"]) : [privilege]));
}

/** What the privileges are on: an object, all of a schema or database, or the future ones. */
function securables(cursor: TokenCursor, call: StatementCall): readonly Securable[] {
  if (cursor.accept("ACCOUNT")) return [{ kind: "ACCOUNT", name: call.account.name }];
  const isAll = cursor.accept("ALL");
  const isFuture = !isAll && cursor.accept("FUTURE");
  const kind = kindName(cursor);
  if (isAll || isFuture) {
    cursor.expect("IN");
    const container = kindName(cursor);
    const within: Securable =
      container === "DATABASE"
        ? { kind: container, name: identifierText(cursor.identifier()) }
        : { kind: "SCHEMA", name: schemaText(schemaName(cursor, call)) };
    if (isFuture) return [{ kind: `FUTURE ${kind} IN ${within.kind}`, name: within.name }];
    return objectsIn(kind, within, call);
  }
  if (inSchemas.has(kind)) return [objectOf(kind, cursor, call)];
  if (kind === "SCHEMA") {
    const schema = schemaName(cursor, call);
    if (!call.account.catalog.hasSchema(schema.database, schema.schema)) throw missing("Schema", schemaText(schema));
    return [{ kind, name: schemaText(schema) }];
  }
  const name = cursor.identifier();
  const { catalog, meter, users } = call.account;
  const isThere: Readonly<Record<string, () => boolean>> = {
    DATABASE: () => catalog.hasDatabase(name) || name === "SNOWFLAKE",
    WAREHOUSE: () => meter.has(name),
    USER: () => users.get(name) !== null,
    ROLE: () => catalog.grants.isRole(name),
  };
  if (isThere[kind]?.() === false) throw missing(kind[0]! + kind.slice(1).toLowerCase(), name);
  return [{ kind, name: identifierText(name) }];
}

/** A kind in the singular: TABLES is TABLE. */
function kindName(cursor: TokenCursor): string {
  const first = cursor.identifier().toUpperCase();
  const words = first === "FILE" || first === "SECURITY" ? `${first} ${cursor.identifier().toUpperCase()}` : first;
  return words.replace(/^SECURITY INTEGRATION/, "INTEGRATION").replace(/S$/, "");
}

function objectOf(kind: string, cursor: TokenCursor, call: StatementCall): Securable {
  const name = cursor.objectName(call.session);
  const { account, session } = call;
  const all: Readonly<Record<string, () => boolean>> = {
    TABLE: () => account.catalog.table(name, session.id) !== null || account.catalog.view(name) !== null,
    VIEW: () => account.catalog.view(name) !== null,
    STAGE: () => account.stages.definitions.find(name, session.id) !== undefined,
    PIPE: () => account.pipes.definitions.find(name, null) !== undefined,
  };
  if (all[kind]?.() === false) throw missing(kind[0]! + kind.slice(1).toLowerCase(), objectText(name));
  // A view's privileges may be named as a table's.
  const isView = kind === "TABLE" && account.catalog.view(name) !== null;
  return { kind: isView ? "VIEW" : kind, name: objectText(name) };
}

function objectsIn(kind: string, within: Securable, { account, session }: StatementCall): readonly Securable[] {
  const { catalog } = account;
  const names: Readonly<Record<string, () => readonly string[]>> = {
    TABLE: () => catalog.tables(null).map(({ name }) => objectText(name)),
    VIEW: () => catalog.views().map(({ name }) => objectText(name)),
    STAGE: () => account.stages.definitions.list(session.id).map(({ name }) => objectText(name)),
    PIPE: () => account.pipes.definitions.list(null).map(({ name }) => objectText(name)),
    SCHEMA: () => catalog.schemas().map(({ database, name }) => schemaText({ database, schema: name })),
  };
  return (names[kind]?.() ?? []).filter((name) => name.startsWith(`${within.name}.`)).map((name) => ({ kind, name }));
}

/** Who owns an object, has a privilege with the option to grant it, or MANAGE GRANTS may give it away. */
function requireGrantable(call: StatementCall, on: Securable, privileges: readonly string[]): void {
  const { grants } = call.account.catalog;
  const { role } = call.session;
  if (grants.allows(role, "OWNERSHIP", on) || grants.allows(role, "MANAGE GRANTS", { kind: "ACCOUNT", name: call.account.name }))
    return;
  const hasOption = (privilege: string) =>
    grants
      .grants()
      .some(
        (each) =>
          each.role === role &&
          each.grantOption &&
          each.privilege === privilege &&
          each.on.kind === on.kind &&
          each.on.name === on.name,
      );
  if (privileges.every(hasOption)) return;
  throw new SnowflakeError(
    "003001",
    "42501",
    `SQL access control error:\nInsufficient privileges to operate on ${on.kind.toLowerCase()} '${on.name.split(".").at(-1)}'.`,
  );
}

async function showGrants(call: StatementCall): Promise<StatementResult> {
  const { grants } = call.account.catalog;
  const cursor = new TokenCursor(call.text);
  cursor.expect("SHOW", "GRANTS");
  const all = grants.grants().filter(({ on }) => !on.kind.startsWith("FUTURE "));
  if (cursor.isAtEnd)
    return result(
      privilegeListing(
        all.filter(({ role }) => grants.rolesOf(call.session.user).includes(role)),
        roleGrantsTo(call, call.session.role),
      ),
    );
  if (cursor.accept("TO", "USER")) {
    const user = cursor.identifier();
    if (call.account.users.get(user) === null) throw missing("User", user);
    return result(userListing(call, user));
  }
  if (cursor.accept("TO")) {
    cursor.accept("ROLE");
    const role = cursor.identifier();
    if (!grants.isRole(role)) throw missing("Role", role);
    return result(
      privilegeListing(
        all.filter((each) => each.role === role),
        roleGrantsTo(call, role),
      ),
    );
  }
  if (cursor.accept("OF")) {
    cursor.accept("ROLE");
    return result(holderListing(call, cursor.identifier()));
  }
  if (cursor.accept("FUTURE")) {
    cursor.accept("GRANTS");
    return result(
      privilegeListing(
        grants.grants().filter(({ on }) => on.kind.startsWith("FUTURE ")),
        [],
      ),
    );
  }
  cursor.expect("ON");
  const [on] = securables(cursor, call);
  return result(
    privilegeListing(
      all.filter((each) => each.on.kind === on!.kind && each.on.name === on!.name),
      [],
    ),
  );
}

function result(listing: Listing): StatementResult {
  return listingResult(listing, statementTypes.show);
}

type Row = Listing["rows"][number];

function privilegeListing(grants: readonly Grant[], more: readonly Row[]): Listing {
  const rows = grants.map((each): Row => [
    each.createdOnMs,
    each.privilege,
    each.on.kind.replaceAll(" ", "_"),
    each.on.name,
    "ROLE",
    each.role,
    String(each.grantOption || each.privilege === "OWNERSHIP"),
    "",
  ]);
  return {
    columns: columns("created_on privilege granted_on name granted_to grantee_name grant_option granted_by", {
      created_on: "time",
    }),
    rows: [...rows, ...more],
  };
}

/** A role that a role has is its privilege USAGE on it. */
function roleGrantsTo({ account }: StatementCall, holder: string): readonly Row[] {
  return account.catalog.grants
    .roleGrants()
    .filter(({ to }) => "role" in to && to.role === holder)
    .map(({ role, createdOnMs }): Row => [createdOnMs, "USAGE", "ROLE", identifierText(role), "ROLE", holder, "false", ""]);
}

function userListing({ account }: StatementCall, user: string): Listing {
  return {
    columns: columns("created_on role granted_to grantee_name granted_by", { created_on: "time" }),
    rows: account.catalog.grants
      .roleGrants()
      .filter(({ to }) => "user" in to && to.user === user)
      .map(({ role, createdOnMs }) => [createdOnMs, role, "USER", user, ""]),
  };
}

function holderListing({ account }: StatementCall, role: string): Listing {
  return {
    columns: columns("created_on role granted_to grantee_name granted_by", { created_on: "time" }),
    rows: account.catalog.grants
      .roleGrants()
      .filter((each) => each.role === role)
      .map(({ to, createdOnMs }) => [createdOnMs, role, "user" in to ? "USER" : "ROLE", "user" in to ? to.user : to.role, ""]),
  };
}
