import type { Catalog } from "../engine/catalog.ts";
import type { ObjectName } from "../engine/object-name.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { Pipes } from "../pipes/pipes.ts";
import { BadRequest } from "../http/route.ts";
import { refused } from "./refused.ts";

/** Where a pipe's rows go, and which member of a row is which column's. */
export interface StreamingPipe {
  /** Its name as it is stored. */
  readonly pipe: ObjectName;
  readonly table: TableDefinition;
  /** True where every table has one like it. */
  readonly isOwn: boolean;
  /** null: members go to the columns of their names. */
  readonly mapping: readonly { readonly member: string; readonly column: string }[] | null;
}

/** Ends the names of the pipes that tables have by themselves. */
const ownPipe = "-STREAMING";

const name = String.raw`(?:[A-Za-z_][\w$]*|"(?:[^"]|"")+")`;
const definition = new RegExp(
  String.raw`^\s*COPY\s+INTO\s+(?<table>${name}(?:\.${name}){0,2})\s*(?:\((?<columns>[^)]*)\))?\s*FROM\s*\(\s*SELECT\s+(?<items>.+?)\s+FROM\s+TABLE\s*\(\s*DATA_SOURCE\s*\(\s*TYPE\s*=>\s*'STREAMING'\s*\)\s*\)\s*\)(?<options>.*)$`,
  "is",
);
const item = new RegExp(String.raw`^\$1:(?<member>${name})(?:::[\w(), ]+)?(?:\s+AS\s+(?<as>${name}))?$`, "i");

/**
 * The pipe of this name: one that CREATE PIPE made over `TABLE(DATA_SOURCE(TYPE => 'STREAMING'))`, or the one that every table has.
 * The names are tried as they are said, then in upper case. Throws BadRequest.
 */
export function streamingPipe(said: ObjectName, parts: { readonly catalog: Catalog; readonly pipes: Pipes }): StreamingPipe {
  try {
    return exactPipe(said, parts);
  } catch (error) {
    const upper = { database: said.database.toUpperCase(), schema: said.schema.toUpperCase(), name: said.name.toUpperCase() };
    if (!(error instanceof BadRequest) || error.status !== 404 || JSON.stringify(upper) === JSON.stringify(said)) throw error;
    return exactPipe(upper, parts);
  }
}

function exactPipe(pipe: ObjectName, { catalog, pipes }: Parameters<typeof streamingPipe>[1]): StreamingPipe {
  const made = pipes.definitions.find(pipe, null);
  if (made !== undefined) return { pipe, isOwn: false, ...read(pipe, made.definition, catalog) };
  if (!pipe.name.endsWith(ownPipe)) throw refused.noPipe(pipe.name);
  const table = { ...pipe, name: pipe.name.slice(0, -ownPipe.length) };
  return { pipe, isOwn: true, table: tableOf(table, catalog), mapping: null };
}

function tableOf(table: ObjectName, catalog: Catalog): TableDefinition {
  const found = catalog.table(table, 0);
  if (found === null) throw refused.noTable(table.name);
  return found;
}

function read(pipe: ObjectName, text: string, catalog: Catalog): Omit<StreamingPipe, "pipe" | "isOwn"> {
  const parts = definition.exec(text)?.groups;
  if (parts === undefined)
    throw refused.notSupported(`The pipe ${pipe.name} does not read TABLE(DATA_SOURCE(TYPE => 'STREAMING'))`);
  const path = [...parts["table"]!.matchAll(new RegExp(name, "g"))].map(([word]) => identifier(word));
  const [table, schema = pipe.schema, database = pipe.database] = path.toReversed();
  const found = tableOf({ database, schema, name: table! }, catalog);
  if (/MATCH_BY_COLUMN_NAME\s*=\s*'?CASE_(?:IN)?SENSITIVE/i.test(parts["options"]!)) return { table: found, mapping: null };
  const columns =
    parts["columns"]?.split(",").map((column) => identifier(column.trim())) ?? found.columns.map((column) => column.name);
  const items = parts["items"]!.split(/,(?![^(]*\))/);
  const mapping = items.map((each, index) => {
    const member = item.exec(each.trim())?.groups?.["member"];
    const column = columns[index];
    if (member === undefined || column === undefined)
      throw refused.notSupported(
        `The pipe ${pipe.name}: this server takes only $1:member[::TYPE] for each column, or MATCH_BY_COLUMN_NAME`,
      );
    return { member: member.startsWith('"') ? identifier(member) : member, column };
  });
  return { table: found, mapping };
}

function identifier(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toUpperCase();
}
