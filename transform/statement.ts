import type { DuckDBConnection } from "@duckdb/node-api";
import { sameName } from "./sql-text.ts";

/** A part of a statement as DuckDB's parser gives it (`json_serialize_sql`). */
export interface Node {
  [key: string]: NodeValue;
}
/** A member of a node. */
export type NodeValue = string | number | boolean | null | Node | NodeValue[];

/** What became of parsing. */
export type Parsed =
  | { readonly kind: "select"; readonly statement: Node; readonly query: Node }
  | { readonly kind: "refused"; readonly message: string }
  /** A number literal that DuckDB reads as infinite: its own JSON has no way to write it. */
  | { readonly kind: "infinite" };

/** JSON with numbers kept as they are written: a statement's constants may have more digits than a JavaScript number. */
interface LosslessJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}
const lossless = JSON as unknown as LosslessJson;

/** Parses `sql` without running it. Only a single SELECT comes back as one. */
export async function parseStatement(connection: DuckDBConnection, sql: string): Promise<Parsed> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", [sql]);
  const json = String(reader.getRows()[0]?.[0]);
  let parsed: Node;
  try {
    parsed = lossless.parse(json, (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source ? lossless.rawJSON(source) : value,
    ) as Node;
  } catch (error) {
    if (error instanceof SyntaxError && /:-?Infinity\b/.test(json)) return { kind: "infinite" };
    throw error;
  }
  if (parsed["error"] === true) return { kind: "refused", message: text(parsed["error_message"]) };
  const statements = nodes(parsed["statements"]);
  const statement = statements[0];
  if (statement === undefined || statements.length !== 1) {
    return {
      kind: "refused",
      message: statements.length === 0 ? "there is no statement" : `there are ${statements.length} statements`,
    };
  }
  return { kind: "select", statement, query: node(statement["node"]) };
}

/** The text of a statement that `parseStatement` gave, as it is now. */
export async function statementText(connection: DuckDBConnection, statement: Node): Promise<string> {
  const json = JSON.stringify({ error: false, statements: [statement] });
  const reader = await connection.runAndReadAll("SELECT json_deserialize_sql($1::JSON)", [json]);
  return String(reader.getRows()[0]?.[0]);
}

/** A deep copy. `structuredClone` would lose the raw numbers. */
export function copyOf(value: Node): Node {
  const copy = (part: NodeValue): NodeValue => {
    if (Array.isArray(part)) return part.map(copy);
    if (!isNode(part) || "rawJSON" in part) return part;
    return Object.fromEntries(Object.entries(part).map(([key, child]) => [key, copy(child)]));
  };
  return copy(value) as Node;
}

/** True for a part of a statement that has members. */
export function isNode(value: NodeValue | undefined): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` as a node. Throws where DuckDB's tree is not as it was when this was written. */
export function node(value: NodeValue | undefined): Node {
  if (!isNode(value))
    throw new Error(
      "statement: DuckDB's parser gave a tree of another shape; this version of Snowline does not go with this version of DuckDB",
    );
  return value;
}

/** `value` as a list of nodes; empty where there is none. */
export function nodes(value: NodeValue | undefined): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** `value` where it is a text, else the empty text. */
export function text(value: NodeValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Where in the SQL a node stands, as a 0-based byte, where the parser knows. */
export function offsetOf(part: Node): number | null {
  const offset = part["query_location"];
  return typeof offset === "number" ? offset : null;
}

/** True for SELECT, set operation and recursive CTE: what may have CTEs of its own. */
export function isQuery(part: Node): boolean {
  return "cte_map" in part;
}

/** The CTEs that a query defines, in order. */
export function ctesOf(query: Node): { readonly name: string; readonly query: Node; readonly aliased: boolean }[] {
  return nodes(node(query["cte_map"])["map"]).map((entry) => {
    const value = node(entry["value"]);
    const aliases = value["aliases"];
    return {
      name: text(entry["key"]),
      query: node(node(value["query"])["node"]),
      aliased: Array.isArray(aliases) && aliases.length > 0,
    };
  });
}

/** True for `COLUMNS` with a pattern or a function, from which no column can be excluded; not for a list of names. */
export function isPattern(star: Node): boolean {
  const chosen = star["expr"];
  if (!isNode(chosen)) return false;
  const names = text(chosen["function_name"]).toLowerCase() === "list_value" ? nodes(chosen["children"]) : [];
  return names.length === 0 || names.some((name) => name["class"] !== "CONSTANT");
}

/** Calls `visit` for the node and all below it, parents first. Where it answers false, what is below is passed over. */
export function walk(value: NodeValue, visit: (part: Node) => boolean | void): void {
  if (Array.isArray(value)) {
    for (const child of value) walk(child, visit);
  } else if (isNode(value) && visit(value) !== false) {
    for (const child of Object.values(value)) walk(child, visit);
  }
}

/** Like `walk`, but of a query's own expressions and joins only: neither its CTEs nor subqueries. */
export function walkOwn(query: Node, visit: (part: Node) => void): void {
  for (const [key, child] of Object.entries(query)) {
    if (key === "cte_map") continue;
    walk(child, (part) => {
      if (isQuery(part)) return false;
      visit(part);
      return true;
    });
  }
}

/** True for a table of this name that no schema or database qualifies. */
export function isTable(part: Node, name: string): boolean {
  return (
    part["type"] === "BASE_TABLE" &&
    text(part["schema_name"]) === "" &&
    text(part["catalog_name"]) === "" &&
    sameName(text(part["table_name"]), name)
  );
}
