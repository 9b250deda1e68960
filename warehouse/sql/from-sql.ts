import { bodyOf, generate, type Node, parse } from "./polyglot.ts";
import { rewrite, sqlOf } from "./rewrite.ts";
import type { Rewriting } from "./rewriting.ts";

const head = "SELECT 1 FROM ";

/** Relations and their joins in DuckDB's SQL, as they stand after FROM; null where there are none. */
export function fromSql(relations: readonly unknown[], joins: readonly unknown[], rewriting: Rewriting): string | null {
  if (relations.length === 0) return null;
  // The library writes joins in whole queries only.
  const select = bodyOf(parse(`${head}t`), "select")!;
  const from = { expressions: relations.map((relation) => rewrite(relation, rewriting)) };
  const sql = generate({ select: { ...select, from, joins: rewrite(joins, rewriting) } });
  return sql.slice(head.length);
}

/** WHERE in DuckDB's SQL, with a space before it; empty where there is none. */
export function whereSql(body: Node, rewriting: Rewriting): string {
  const where = (body["where_clause"] ?? null) as { readonly this: unknown } | null;
  return where === null ? "" : ` WHERE ${sqlOf(where.this, rewriting)}`;
}
