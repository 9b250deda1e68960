import { missing } from "../engine/catalog.ts";
import { objectText } from "../engine/object-name.ts";
import { typeText } from "../engine/snowflake-type.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import { columns, listingResult } from "../information-schema/listing.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** DESCRIBE TABLE, VIEW, USER, WAREHOUSE and RESULT. */
export const describeStatements: readonly StatementKind[] = ["DESCRIBE", "DESC"].flatMap((verb) => [
  { words: [verb, "TABLE"], execute: (call: StatementCall) => describeTable(call, verb) },
  { words: [verb, "VIEW"], execute: (call: StatementCall) => describeTable(call, verb) },
  { words: [verb, "USER"], execute: (call: StatementCall) => describeUser(call, verb) },
  { words: [verb, "RESULT"], execute: (call: StatementCall) => describeResult(call, verb) },
]);

async function describeTable(call: StatementCall, verb: string): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect(verb);
  const isView = cursor.accept("VIEW");
  if (!isView) cursor.expect("TABLE");
  const name = cursor.objectName(session);
  if (cursor.accept("TYPE", "=")) cursor.expect("COLUMNS");
  cursor.end();
  const { grants } = account.catalog;
  const table = account.catalog.table(name, session.id);
  const isKnown =
    table?.kind === "temporary" ||
    grants.knows(session.role, { kind: table === null ? "VIEW" : "TABLE", name: objectText(name) });
  const object = table ?? account.catalog.view(name);
  if (object === null || !isKnown) throw missing(isView ? "View" : "Table", objectText(name));
  return listingResult(
    {
      columns: columns(
        "name type kind null? default primary_key unique_key check expression comment policy_name privacy_domain",
      ).map(([column, kind]) => [column.replaceAll("_", " "), kind] as const),
      rows: object.columns.map(describedColumn),
    },
    statementTypes.describe,
  );
}

function describedColumn({ name, type, nullable, defaultSql, comment, primaryKey }: ColumnDefinition) {
  return [
    name,
    typeText(type),
    "COLUMN",
    nullable ? "Y" : "N",
    defaultSql,
    primaryKey === true ? "Y" : "N",
    "N",
    null,
    null,
    comment ?? null,
    null,
    null,
  ];
}

async function describeUser(call: StatementCall, verb: string): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  cursor.expect(verb, "USER");
  const name = cursor.identifier();
  cursor.end();
  const user = call.account.users.get(name);
  if (user === null) throw missing("User", name);
  const properties: readonly (readonly [string, string | null, string])[] = [
    ["NAME", user.name, "Name"],
    ["COMMENT", user.comment, "user comment associated to an object in the dictionary"],
    ["TYPE", user.type, "Type of the user"],
    ["LOGIN_NAME", user.loginName, "Login name of the user"],
    ["DISABLED", String(user.disabled), "Whether the user is disabled"],
    ["DEFAULT_WAREHOUSE", user.defaultWarehouse, "Default warehouse for this user"],
    ["DEFAULT_NAMESPACE", user.defaultNamespace, "Default database namespace prefix for this user"],
    ["DEFAULT_ROLE", user.defaultRole, "Primary principal of user session will be set to this role"],
    ["RSA_PUBLIC_KEY", user.rsaPublicKey, "RSA public key of the user"],
    ["RSA_PUBLIC_KEY_2", user.rsaPublicKey2, "Second RSA public key of the user"],
  ];
  return listingResult(
    {
      columns: columns("property value default description"),
      rows: properties.map(([property, value, description]) => [property, value ?? "null", "null", description]),
    },
    statementTypes.describe,
  );
}

async function describeResult(call: StatementCall, verb: string): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  cursor.expect(verb, "RESULT");
  const queryId = cursor.string();
  const result = call.account.queries.result(queryId);
  if (result === null) throw new SnowflakeError("000709", "02000", `SQL compilation error:\nStatement ${queryId} not found`);
  return listingResult(
    {
      columns: columns("name type kind null?"),
      rows: result.columns.map(({ name, type, nullable }) => [name, typeText(type), "COLUMN", nullable ? "Y" : "N"]),
    },
    statementTypes.describe,
  );
}
