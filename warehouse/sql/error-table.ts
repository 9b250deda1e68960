import { missing } from "../engine/catalog.ts";
import { objectText } from "../engine/object-name.ts";
import { SnowflakeError } from "../result.ts";
import { errorTableQuery } from "../streaming/error-rows.ts";
import { bodyOf } from "./polyglot.ts";
import type { Rewriting } from "./rewriting.ts";
import { stored } from "./table-names.ts";
import { completeName } from "./token-cursor.ts";

/** `ERROR_TABLE(t)`: the rows that a table with ERROR_LOGGING has refused. Throws SnowflakeError where there is none. */
export function errorTable(argument: unknown, { scope }: Rewriting): string {
  const name = completeName(partsOf(argument), scope.session);
  const table = scope.account.catalog.table(name, scope.session.id);
  if (table === null) throw missing("Table", objectText(name));
  if (!table.errorLogging)
    throw new SnowflakeError(
      "002003",
      "42S02",
      `SQL compilation error:\nError table of '${objectText(name)}' does not exist or not authorized.`,
    );
  return errorTableQuery(table.id);
}

/** The library reads a name in an argument as a column, and the third part as a member of it. */
function partsOf(argument: unknown): readonly string[] {
  const identifier = (value: unknown): string[] =>
    value === null || value === undefined ? [] : [stored(value as Parameters<typeof stored>[0])];
  const dot = bodyOf(argument, "dot");
  if (dot !== null) return [...partsOf(dot["this"]), ...identifier(dot["field"])];
  const column = bodyOf(argument, "column");
  return column === null ? [] : [...identifier(column["table"]), ...identifier(column["name"])];
}
