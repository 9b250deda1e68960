import { missing } from "../engine/catalog.ts";
import { type ObjectName, objectText } from "../engine/object-name.ts";
import { physicalName, quoted } from "../engine/physical-name.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { SnowflakeError } from "../result.ts";
import type { Node } from "../sql/polyglot.ts";
import { stored, tableNameOf } from "../sql/table-names.ts";
import { requireOnObject } from "./privileges.ts";
import type { StatementCall } from "./statement.ts";

interface Identifier {
  readonly name: string;
  readonly quoted?: boolean;
}

/** A table that a statement changes. */
export interface DmlTarget {
  readonly name: ObjectName;
  readonly table: TableDefinition;
  /** What the statement calls it, quoted. */
  readonly alias: string;
  /** In DuckDB's SQL, with its alias. */
  readonly sql: string;
}

/** Finds the table of a statement. Throws SnowflakeError where it is not there, or the role may not do that with it. */
export function dmlTarget(body: Node, call: StatementCall, privilege: string): DmlTarget {
  const name = tableNameOf(body, call.session);
  const table = tableOf(name, call);
  requireOnObject(call, privilege, { kind: "TABLE", name });
  const given = (body["alias"] ?? null) as Identifier | null;
  const alias = quoted(given === null ? name.name : stored(given));
  return { name, table, alias, sql: `${physicalName(table)} AS ${alias}` };
}

/** The table of that name. Throws SnowflakeError 002003 where there is none. */
export function tableOf(name: ObjectName, { account, session }: Pick<StatementCall, "account" | "session">): TableDefinition {
  const table = account.catalog.table(name, session.id);
  if (table !== null) return table;
  if (account.catalog.view(name) !== null)
    throw new SnowflakeError("002003", "42601", `SQL compilation error:\n'${objectText(name)}' is a view: it cannot be changed.`);
  throw missing("Table", objectText(name));
}

/** The column of a table that an identifier means. Throws SnowflakeError 000904 where there is none. */
export function columnOf(table: TableDefinition, identifier: Identifier): ColumnDefinition {
  // The library leaves `t.a` in one piece.
  const plain = identifier.quoted === true ? identifier : { name: identifier.name.split(".").at(-1)! };
  const name = stored(plain);
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined)
    throw new SnowflakeError(
      "000904",
      "42000",
      `SQL compilation error: error line 1 at position 0\ninvalid identifier '${name}'`,
    );
  return column;
}
