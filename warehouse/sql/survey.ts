import type { ColumnDefinition } from "../engine/table-definition.ts";
import { callOf } from "./function-call.ts";
import { expressionOf, type Node } from "./polyglot.ts";
import type { QueryScope } from "./query-scope.ts";
import type { Rewriting } from "./rewriting.ts";
import { namePartsOf, stored, tableNameOf } from "./table-names.ts";

/** A look over a whole tree before it is rewritten. */
export type Survey = Pick<Rewriting, "withNames" | "columns" | "flattens" | "readsThis">;

/** Looks which names WITH gives, which columns the tables have and whether FLATTEN is used. */
export function surveyed(tree: Node, scope: QueryScope): Survey {
  const withNames = new Set<string>();
  const columns = new Map<string, ColumnDefinition[]>();
  let flattens = false;
  let readsThis = false;
  visit(tree, (kind, body) => {
    if (kind === "table") {
      for (const column of columnsOf(body, scope)) columns.set(column.name, [...(columns.get(column.name) ?? []), column]);
    }
    if (callOf(kind, body)?.name === "FLATTEN") flattens = true;
    if (kind === "star" || (kind === "column" && stored(body["name"] as { name: string }) === "THIS")) readsThis = true;
  });
  walkObjects(tree, (object) => {
    if (!("ctes" in object)) return;
    for (const cte of object["ctes"] as readonly { readonly alias: { readonly name: string } }[])
      withNames.add(stored(cte.alias));
  });
  return { withNames, columns, flattens, readsThis };
}

/** Calls `seen` for each expression of a tree. */
export function visit(value: unknown, seen: (kind: string, body: Node, node: Node) => void): void {
  walkObjects(value, (object) => {
    const expression = expressionOf(object);
    if (expression !== null) seen(...expression, object);
  });
}

function walkObjects(value: unknown, seen: (object: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) walkObjects(item, seen);
    return;
  }
  seen(value as Node);
  for (const member of Object.values(value)) walkObjects(member, seen);
}

function columnsOf(body: Node, scope: QueryScope): readonly ColumnDefinition[] {
  const { account, session } = scope;
  const parts = namePartsOf(body);
  if ((parts.length < 3 && session.database === null) || (parts.length < 2 && session.schema === null)) return [];
  const name = tableNameOf(body, session);
  return (account.catalog.table(name, session.id) ?? account.catalog.view(name))?.columns ?? [];
}
