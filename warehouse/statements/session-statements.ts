import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { statusResult } from "./count-result.ts";
import { optionValue } from "./create-options.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";
import { translateQuery } from "../sql/translate-query.ts";
import { runWork } from "./run-work.ts";
import { literal } from "../engine/physical-name.ts";

/** USE …, ALTER SESSION SET and UNSET, SET and UNSET of variables. */
export const sessionStatements: readonly StatementKind[] = [
  { words: ["USE"], execute: use },
  { words: ["ALTER", "SESSION"], execute: alterSession },
  { words: ["SET"], execute: setVariable },
  { words: ["UNSET"], execute: unsetVariable },
];

async function use(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("USE");
  const kind = ["DATABASE", "SCHEMA", "WAREHOUSE", "ROLE"].find((word) => cursor.accept(word)) ?? "";
  if (cursor.accept("SECONDARY", "ROLES")) return statusResult(statementTypes.use);
  const parts = cursor.nameParts();
  cursor.end();
  const name = parts.at(-1)!;
  if (kind === "ROLE") {
    if (!account.catalog.grants.isRole(name)) throw notUsable();
    if (!account.catalog.grants.hasRole(session.user, name))
      throw new SnowflakeError(
        "003013",
        "42501",
        `SQL access control error:\nRequested role '${name}' is not assigned to the executing user. Specify another role to activate.`,
      );
    session.role = name;
  } else if (kind === "WAREHOUSE") {
    if (!account.meter.has(name)) throw notUsable();
    session.warehouse = name;
  } else if (kind === "DATABASE" || (kind === "" && parts.length === 1)) {
    if (!account.catalog.hasDatabase(name)) throw notUsable();
    session.database = name;
    session.schema = account.catalog.hasSchema(name, "PUBLIC") ? "PUBLIC" : null;
  } else {
    const database = parts.at(-2) ?? session.database;
    if (database === null || !account.catalog.hasSchema(database, name)) throw notUsable();
    session.database = database;
    session.schema = name;
  }
  return statusResult(statementTypes.use);
}

async function alterSession(call: StatementCall): Promise<StatementResult> {
  const { parameters } = call.session;
  const cursor = new TokenCursor(call.text);
  cursor.expect("ALTER", "SESSION");
  const isSet = cursor.accept("SET");
  if (!isSet) cursor.expect("UNSET");
  while (!cursor.isAtEnd) {
    cursor.accept(",");
    const name = cursor.identifier().toUpperCase();
    if (isSet) {
      cursor.expect("=");
      parameters.set(name, parameterValue(cursor));
    } else parameters.delete(name);
  }
  return statusResult(statementTypes.alterSession);
}

/** A parameter's value: TRUE and FALSE are kept as `true` and `false`, texts as they are. */
function parameterValue(cursor: TokenCursor): string {
  const isText = cursor.next?.kind === "string";
  const value = optionValue(cursor);
  return !isText && /^(?:TRUE|FALSE)$/.test(value) ? value.toLowerCase() : value;
}

/** SET x = expression. Its value is kept as it stands in SQL. */
async function setVariable(call: StatementCall): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  cursor.expect("SET");
  const names = cursor.sees("(")
    ? cursor
        .parenthesized()
        .split(",")
        .map((name) => name.trim().toUpperCase())
    : [cursor.identifier()];
  cursor.expect("=");
  const { sql, reads } = await translateQuery(`SELECT ${cursor.rest()}`, scopeOf(call));
  const values = await runWork(call, {
    reads,
    writes: [],
    run: async (connection) => (await connection.runAndReadAll(sql)).getRows()[0] ?? [],
  });
  names.forEach((name, index) => {
    const value = values[index] ?? null;
    const isNumber = typeof value === "number" || typeof value === "bigint" || /^-?\d+(?:\.\d+)?$/.test(String(value));
    call.session.parameters.set(
      `$${name}`,
      value === null ? "NULL" : isNumber && typeof value !== "string" ? String(value) : literal(String(value)),
    );
  });
  return statusResult(statementTypes.set);
}

async function unsetVariable(call: StatementCall): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  cursor.expect("UNSET");
  call.session.parameters.delete(`$${cursor.identifier()}`);
  return statusResult(statementTypes.set);
}

function notUsable(): SnowflakeError {
  return new SnowflakeError(
    "002043",
    "02000",
    "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
  );
}
