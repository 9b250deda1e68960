import type { DuckDBConnection } from "@duckdb/node-api";
import { ordinalColumn } from "./rewrite.ts";
import {
  copyOf,
  isNode,
  type Node,
  type NodeValue,
  node,
  nodes,
  parseStatement,
  statementText,
  text,
  walk,
} from "./statement.ts";

/** Numbers that stand for the statement's parts in the templates. */
const [whereInRow, where, itemsInRow, message] = [101, 102, 103, 104];
const filtered = `CASE WHEN TRY(row(${whereInRow})) IS NULL THEN true WHEN ${where} THEN TRY(row(${itemsInRow})) IS NULL ELSE false END`;
const unfiltered = `TRY(row(${itemsInRow})) IS NULL`;
/** TRY does not take error(), which has no fixed result; this fails as surely and has no type of its own either. */
const failing = `list_extract([NULL], CAST(concat('x', ${message}) AS INTEGER))`;

/**
 * A statement that gives the ordinals of the records for which a rewritten statement's WHERE or columns probably fail: it
 * evaluates them under TRY, which answers NULL instead of failing. TRY goes row by row where it meets an error, which is slow,
 * but faster than halving when many records are at fault. Null where the statement is none that this can be done with.
 */
export async function suspectsSql(connection: DuckDBConnection, rewritten: Node): Promise<string | null> {
  const statement = copyOf(rewritten);
  const select = node(statement["node"]);
  if (select["type"] !== "SELECT_NODE") return null;
  const items = nodes(select["select_list"]);
  const ordinal = items.find((item) => item["alias"] === ordinalColumn);
  const columns = items.filter((item) => item !== ordinal && isPlain(item));
  if (ordinal === undefined) return null;
  const condition = select["where_clause"];
  const withError = await template(connection, failing);
  const parts = new Map<number, Node[]>([[itemsInRow, columns.length > 0 ? columns : [copyOf(ordinal)]]]);
  if (isNode(condition)) for (const part of [whereInRow, where]) parts.set(part, [condition]);
  const test = filled(await template(connection, isNode(condition) ? filtered : unfiltered), parts);
  Object.assign(select, { select_list: [ordinal], where_clause: withoutErrors(test, withError), modifiers: [], qualify: null });
  try {
    const sql = await statementText(connection, statement);
    const prepared = await connection.prepare(sql);
    prepared.destroySync();
    return sql;
  } catch {
    // TRY takes no volatile function and no subquery: then halving has to do.
    return null;
  }
}

/** True for a column that is one value computed from one row. */
function isPlain(item: Node): boolean {
  let plain = true;
  walk(item, (part) => {
    if (part["class"] === "STAR" || part["class"] === "WINDOW" || text(part["function_name"]).toLowerCase() === "unnest")
      plain = false;
  });
  return plain;
}

async function template(connection: DuckDBConnection, expression: string): Promise<Node> {
  const parsed = await parseStatement(connection, `SELECT ${expression}`);
  if (parsed.kind !== "select") throw new Error(`template: DuckDB does not parse ${expression}`);
  return nodes(parsed.query["select_list"])[0]!;
}

/** The template with copies of the parts in place of the numbers. */
function filled(value: Node, parts: ReadonlyMap<number, readonly Node[]>): Node {
  const partsFor = (child: NodeValue): readonly Node[] | null => {
    const constant = isNode(child) && child["class"] === "CONSTANT" && isNode(child["value"]) ? child["value"]["value"] : null;
    return typeof constant === "number" ? (parts.get(constant) ?? null) : null;
  };
  const fill = (child: NodeValue): NodeValue => {
    if (Array.isArray(child))
      return child.flatMap((item) => partsFor(item)?.map((part) => ({ ...copyOf(part), alias: "" })) ?? [fill(item)]);
    if (!isNode(child) || "rawJSON" in child) return child;
    const part = partsFor(child)?.[0];
    if (part !== undefined) return { ...copyOf(part), alias: "" };
    return Object.fromEntries(Object.entries(child).map(([key, inner]) => [key, fill(inner)]));
  };
  return fill(value) as Node;
}

/** The expression with `error(…)` replaced by something that fails as well. */
function withoutErrors(value: Node, withError: Node): Node {
  const replace = (child: NodeValue): NodeValue => {
    if (Array.isArray(child)) return child.map(replace);
    if (!isNode(child) || "rawJSON" in child) return child;
    const copy: Node = Object.fromEntries(Object.entries(child).map(([key, inner]) => [key, replace(inner)]));
    if (copy["class"] !== "FUNCTION" || text(copy["function_name"]).toLowerCase() !== "error") return copy;
    return filled(withError, new Map([[message, nodes(copy["children"])]]));
  };
  return replace(value) as Node;
}
