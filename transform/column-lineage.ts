import { acceptStatement } from "./accept-statement.ts";
import { sourceTable } from "./analyse.ts";
import { openCompileDatabase } from "./compile-database.ts";
import type { CompiledTransform } from "./compiled.ts";
import { sameName } from "./sql-text.ts";
import { ctesOf, isNode, isQuery, isTable, type Node, nodes, text, walk } from "./statement.ts";

/** Which declared columns of the source an output column's value is made of. */
export interface ColumnOrigin {
  readonly output: string;
  readonly inputs: readonly string[];
  /** True where it is the column as it was. */
  readonly identity: boolean;
}

/** Parts of a statement in which a name may mean something else, or which name columns without writing them. */
const opaque: ReadonlySet<string> = new Set(["SUBQUERY", "LAMBDA", "LAMBDA_REF", "STAR", "POSITIONAL_REFERENCE"]);

/**
 * Where each output column comes from; null where the SQL is more than one SELECT over `source` and its lookups whose columns are
 * written out, or a mere `SELECT *`. Parses only.
 */
export async function columnOrigins({
  sql,
  source,
  lookups,
  output,
}: Pick<CompiledTransform, "sql" | "source" | "lookups" | "output">): Promise<readonly ColumnOrigin[] | null> {
  using database = await openCompileDatabase();
  const accepted = await acceptStatement(database.connection, sql, Object.keys(lookups));
  if (Array.isArray(accepted)) return null;
  const { query } = accepted;
  const names = sourceNames(query);
  const items = nodes(query["select_list"]);
  if (names === null) return null;
  const declared = source.map(({ name }) => name);
  if (items.length === 1 && isPlainStar(items[0]!) && Object.keys(lookups).length === 0)
    return output.map(({ name }) => ({ output: name, inputs: [name], identity: true }));
  if (items.length !== output.length || items.some(isOpaque)) return null;
  const origins: ColumnOrigin[] = [];
  for (const [index, item] of items.entries()) {
    const inputs = new Set<string>();
    walk(item, (part) => {
      if (part["class"] !== "COLUMN_REF") return;
      for (const input of inputsOf(part, { names, declared, origins })) inputs.add(input);
    });
    origins.push({ output: output[index]!.name, inputs: [...inputs], identity: isColumn(item, inputs) });
  }
  return origins;
}

/** What the columns of `source` may be qualified with; null where the statement reads in another way than from tables. */
function sourceNames(query: Node): readonly string[] | null {
  if (query["type"] !== "SELECT_NODE" || ctesOf(query).length > 0) return null;
  const names: string[] = [];
  let plain = true;
  walk(query, (part) => {
    if (part !== query && isQuery(part)) plain = false;
    if (part["type"] === "TABLE_FUNCTION") plain = false;
    if (!isTable(part, sourceTable)) return;
    if (Array.isArray(part["column_name_alias"]) && part["column_name_alias"].length > 0) plain = false;
    names.push(text(part["alias"]) === "" ? sourceTable : text(part["alias"]));
  });
  return plain ? names : null;
}

interface Scope {
  readonly names: readonly string[];
  readonly declared: readonly string[];
  /** Of the columns before this one: their names may be used in it. */
  readonly origins: readonly ColumnOrigin[];
}

function inputsOf(reference: Node, { names, declared, origins }: Scope): readonly string[] {
  const parts = Array.isArray(reference["column_names"]) ? reference["column_names"].map((part) => text(part)) : [];
  const [first = "", second] = parts;
  const declaredAs = (name: string): string | undefined => declared.find((each) => sameName(each, name));
  if (second !== undefined && names.some((name) => sameName(name, first))) {
    const column = declaredAs(second);
    return column === undefined ? [] : [column];
  }
  const column = declaredAs(first);
  if (column !== undefined) return [column];
  return origins.find(({ output }) => sameName(output, first))?.inputs ?? [];
}

function isOpaque(item: Node): boolean {
  let found = false;
  walk(item, (part) => {
    found ||= opaque.has(text(part["class"])) || opaque.has(text(part["type"]));
  });
  return found;
}

/** A column by its name, not one of a STRUCT's fields. */
function isColumn(item: Node, inputs: ReadonlySet<string>): boolean {
  const parts = item["column_names"];
  const last = Array.isArray(parts) ? text(parts.at(-1)) : "";
  return item["class"] === "COLUMN_REF" && inputs.size === 1 && [...inputs].some((input) => sameName(input, last));
}

function isPlainStar(item: Node): boolean {
  const lists = ["exclude_list", "replace_list", "rename_list", "qualified_exclude_list"];
  const filled = (value: Node[string] | undefined): boolean =>
    Array.isArray(value) ? value.length > 0 : isNode(value) && Object.keys(value).length > 0;
  return (
    item["class"] === "STAR" && item["columns"] !== true && !lists.some((list) => filled(item[list])) && !isNode(item["expr"])
  );
}
