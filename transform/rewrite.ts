import type { DuckDBConnection } from "@duckdb/node-api";
import { sourceTable } from "./analyse.ts";
import type { MetaColumn } from "./column.ts";
import { aggregatesRows } from "./per-batch.ts";
import { quoted } from "./duckdb-type.ts";
import { originColumns } from "./rows.ts";
import { literal, reservedPrefix, sameName } from "./sql-text.ts";
import {
  copyOf,
  ctesOf,
  isNode,
  isQuery,
  isPattern,
  isTable,
  type Node,
  type NodeValue,
  node,
  nodes,
  parseStatement,
  statementText,
  text,
  walk,
  walkOwn,
} from "./statement.ts";

/** The ordinal of the record that a row comes from. */
export const ordinalColumn = originColumns.ordinal;

/** What the owner's own `error(…)` says begins with this, so that it is told from what DuckDB says of a record's value. */
export const errorMark = `${reservedPrefix}error:`;

/** A statement over `source` and the table that takes its place. */
export interface RewriteOptions {
  readonly connection: DuckDBConnection;
  /** The statement as `parseStatement` gave it; it is not changed. */
  readonly statement: Node;
  /** Table that holds the batch: `columns` and the ordinal. */
  readonly table: string;
  /** What `source` shows: the declared columns and the metadata columns that the statement names. */
  readonly columns: readonly string[];
  readonly meta: readonly MetaColumn[];
  readonly aggregates: ReadonlySet<string>;
}

/** The statement over the batch. */
export interface Rewritten {
  readonly sql: string;
  /** True where each row comes from one record and says which, in `ordinalColumn`, its last column. */
  readonly threaded: boolean;
  /** The same as a tree. */
  readonly statement: Node;
}

/**
 * The statement over the batch's table instead of `source`. `*` leaves metadata columns out; where every row comes from
 * exactly one record, the record's ordinal comes out with it.
 */
export async function rewrite(options: RewriteOptions): Promise<Rewritten> {
  const { connection, statement, meta } = options;
  const grafts = { plain: await graft(options, false), threaded: await graft(options, true) };
  const attempt = copyOf(statement);
  const query = node(attempt["node"]);
  const carriers = new Set<Node>();
  const threading: Threading = { aggregates: options.aggregates, carriers, uses: tableUses(query) };
  const threaded = threadQuery(query, new Map(), threading);
  const chosen = threaded ? attempt : copyOf(statement);
  const root = node(chosen["node"]);
  await markErrors(connection, root);
  eachSelect(root, [], (select, shadowed) => hideMeta(select, shadowed, meta));
  replaceSource(root, false, (table) => {
    const item = copyOf(carriers.has(table) ? grafts.threaded : grafts.plain);
    return {
      ...item,
      alias: aliasOf(table),
      sample: table["sample"] ?? null,
      column_name_alias: table["column_name_alias"] ?? [],
    };
  });
  return { sql: await statementText(connection, chosen), threaded, statement: chosen };
}

/** Puts the mark before the text of each `error(…)`; NULL stays NULL, with which it does not fail. */
async function markErrors(connection: DuckDBConnection, root: Node): Promise<void> {
  const parsed = await parseStatement(connection, `SELECT ${literal(errorMark)} || CAST(NULL AS VARCHAR)`);
  if (parsed.kind !== "select") throw new Error("errorMark: DuckDB does not parse it");
  const template = nodes(parsed.query["select_list"])[0]!;
  walk(root, (part) => {
    if (part["class"] !== "FUNCTION" || text(part["function_name"]).toLowerCase() !== "error") return;
    part["children"] = nodes(part["children"]).map((child) => {
      const marked = copyOf(template);
      nodes(marked["children"])[1]!["child"] = child;
      return marked;
    });
  });
}

/** The FROM item that stands in for `source`. */
async function graft({ connection, table, columns, meta }: RewriteOptions, ordinal: boolean): Promise<Node> {
  const names = [...columns, ...meta, ...(ordinal ? [ordinalColumn] : [])].map(quoted);
  const parsed = await parseStatement(connection, `SELECT * FROM (SELECT ${names.join(", ")} FROM ${quoted(table)}) AS source`);
  if (parsed.kind !== "select") throw new Error("source: DuckDB does not parse what stands in for it");
  return node(parsed.query["from_table"]);
}

interface Threading {
  readonly aggregates: ReadonlySet<string>;
  /** The `source` items whose ordinal comes out. */
  readonly carriers: Set<Node>;
  /** How often each table name stands in the statement, by lower-case name. */
  readonly uses: ReadonlyMap<string, number>;
}
/** CTEs in scope by lower-case name; null for one that cannot carry an ordinal. */
type Scope = ReadonlyMap<string, { readonly query: Node; readonly scope: Scope } | null>;

/** Makes a query give its rows' ordinals as its last column; false where its rows do not come from one record each. */
function threadQuery(query: Node, outer: Scope, threading: Threading): boolean {
  if (nodes(query["modifiers"]).some((modifier) => modifier["type"] === "DISTINCT_MODIFIER")) return false;
  const scope = new Map(outer);
  for (const cte of ctesOf(query)) {
    const inner = new Map(scope);
    scope.set(cte.name.toLowerCase(), cte.aliased ? null : { query: cte.query, scope: inner });
  }
  if (query["type"] === "SET_OPERATION_NODE") {
    if (query["setop_type"] !== "UNION" || query["setop_all"] !== true) return false;
    return threadQuery(node(query["left"]), scope, threading) && threadQuery(node(query["right"]), scope, threading);
  }
  if (query["type"] !== "SELECT_NODE" || aggregatesRows(query, threading.aggregates)) return false;
  const carriers = carriersIn(node(query["from_table"]), scope);
  const carrier = carriers?.[0];
  if (carrier === undefined || carriers?.length !== 1 || !threadCarrier(carrier, scope, threading)) return false;
  return exposeOrdinal(query, aliasOf(carrier));
}

/** The items of a FROM clause that read `source`, or null where a row may lack its record's or has several. */
function carriersIn(from: Node, scope: Scope): Node[] | null {
  if (from["type"] === "JOIN") {
    const left = carriersIn(node(from["left"]), scope);
    const right = carriersIn(node(from["right"]), scope);
    if (left === null || right === null) return null;
    const join = text(from["join_type"]);
    // The shorter side is filled up with NULLs, whatever the join type says.
    if (left.length + right.length > 0 && from["ref_type"] === "POSITIONAL") return null;
    if (left.length > 0 && join !== "INNER" && join !== "LEFT" && join !== "SEMI" && join !== "ANTI") return null;
    if (right.length > 0 && join !== "INNER" && join !== "RIGHT") return null;
    return [...left, ...right];
  }
  if (!readsSource(from, scope)) return [];
  return from["type"] === "BASE_TABLE" || from["type"] === "SUBQUERY" ? [from] : null;
}

function readsSource(from: Node, scope: Scope): boolean {
  let reads = false;
  walk(from, (part) => {
    if (part["type"] !== "BASE_TABLE") return;
    const cte = scope.get(text(part["table_name"]).toLowerCase());
    if (cte === undefined) reads ||= isTable(part, sourceTable);
    else reads ||= cte === null || readsSource(cte.query, cte.scope);
  });
  return reads;
}

function threadCarrier(carrier: Node, scope: Scope, threading: Threading): boolean {
  if (Array.isArray(carrier["column_name_alias"]) && carrier["column_name_alias"].length > 0) return false;
  if (carrier["type"] === "SUBQUERY") {
    if (text(carrier["alias"]) === "") carrier["alias"] = `${reservedPrefix}from`;
    return threadQuery(node(node(carrier["subquery"])["node"]), scope, threading);
  }
  const name = text(carrier["table_name"]).toLowerCase();
  const cte = scope.get(name);
  if (cte === undefined) {
    threading.carriers.add(carrier);
    return true;
  }
  // Another reader of the CTE would see a column more.
  return cte !== null && threading.uses.get(name) === 1 && threadQuery(cte.query, cte.scope, threading);
}

function aliasOf(from: Node): string {
  return text(from["alias"]) || text(from["table_name"]);
}

/** Adds the ordinal of the item `alias` to a SELECT and keeps it out of its stars. */
function exposeOrdinal(select: Node, alias: string): boolean {
  let possible = true;
  walkOwn(select, (part) => {
    if (part["class"] === "STAR" && isPattern(part)) possible = false;
  });
  // Subqueries too: they see the row of the query around them.
  walk(select, (part) => {
    const names = part["class"] === "COLUMN_REF" ? part["column_names"] : null;
    // The whole row as one value would have the ordinal in it.
    if (Array.isArray(names) && names.length === 1 && sameName(text(names[0]), alias)) possible = false;
  });
  if (!possible) return false;
  hideFromStars(select, alias, ordinalColumn);
  const reference: Node = {
    class: "COLUMN_REF",
    type: "COLUMN_REF",
    alias: ordinalColumn,
    query_location: 0,
    column_names: [alias, ordinalColumn],
  };
  select["select_list"] = [...nodes(select["select_list"]), reference];
  return true;
}

/** Metadata columns come out only where they are named. */
function hideMeta(select: Node, shadowed: boolean, meta: readonly MetaColumn[]): void {
  if (shadowed || meta.length === 0 || !isNode(select["from_table"])) return;
  walkOwn({ from_table: select["from_table"] }, (part) => {
    if (isTable(part, sourceTable)) for (const column of meta) hideFromStars(select, aliasOf(part), column);
  });
}

/** Keeps a column of the item `alias` out of every star of a SELECT, wherever it stands: in WHERE it would be a condition more. */
function hideFromStars(select: Node, alias: string, column: string): void {
  const all = new Set(nodes(select["modifiers"]).flatMap((modifier) => nodes(modifier["orders"]).map(orderedBy)));
  walkOwn(select, (part) => {
    // ORDER BY ALL is parsed as a star and means the columns that come out.
    if (part["class"] !== "STAR" || all.has(part)) return;
    // Named by REPLACE, it comes out.
    if (nodes(part["replace_list"]).some((entry) => sameName(text(entry["key"]), column))) return;
    const relation = text(part["relation_name"]);
    const excluded = Array.isArray(part["exclude_list"]) ? part["exclude_list"] : [];
    if (excluded.some((name) => sameName(text(name), column))) return;
    if (relation === "") {
      part["qualified_exclude_list"] = [
        ...nodes(part["qualified_exclude_list"]),
        { catalog: "", schema: "", table: alias, column },
      ];
    } else if (sameName(relation, alias)) {
      part["exclude_list"] = [...excluded, column];
    }
  });
}

function orderedBy(order: Node): Node {
  return node(order["expression"]);
}

/** Calls `visit` for each SELECT; `shadowed` says that `source` is a CTE there. */
function eachSelect(query: Node, outer: readonly string[], visit: (select: Node, shadowed: boolean) => void): void {
  const names = [...outer];
  for (const cte of ctesOf(query)) {
    eachSelect(cte.query, names, visit);
    names.push(cte.name.toLowerCase());
  }
  if (query["type"] === "SELECT_NODE") visit(query, names.includes(sourceTable));
  for (const [key, child] of Object.entries(query)) {
    if (key === "cte_map") continue;
    walk(child, (part) => {
      if (!isQuery(part)) return true;
      eachSelect(part, names, visit);
      return false;
    });
  }
}

/** Puts another item in place of each `source` that no CTE of that name hides. */
function replaceSource(value: NodeValue, shadowed: boolean, replacement: (table: Node) => Node): NodeValue {
  if (Array.isArray(value)) return value.map((child) => replaceSource(child, shadowed, replacement));
  if (!isNode(value) || "rawJSON" in value) return value;
  if (!shadowed && isTable(value, sourceTable)) return replacement(value);
  let hidden = shadowed;
  if (isQuery(value)) {
    for (const cte of ctesOf(value)) {
      replaceSource(cte.query, hidden, replacement);
      hidden ||= sameName(cte.name, sourceTable);
    }
  }
  for (const [key, child] of Object.entries(value)) if (key !== "cte_map") value[key] = replaceSource(child, hidden, replacement);
  return value;
}

function tableUses(query: Node): Map<string, number> {
  const uses = new Map<string, number>();
  walk(query, (part) => {
    if (part["type"] !== "BASE_TABLE") return;
    const name = text(part["table_name"]).toLowerCase();
    uses.set(name, (uses.get(name) ?? 0) + 1);
  });
  return uses;
}
