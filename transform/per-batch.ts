import { sourceTable } from "./analyse.ts";
import { ctesOf, isNode, isQuery, isTable, type Node, type NodeValue, node, nodes, text, walkOwn } from "./statement.ts";

/** How often a query reads `source` for one row of its own; the CTEs in scope by name (lower case), each with its own number. */
type Reads = ReadonlyMap<string, number>;

/**
 * Why a statement's result depends on which records share a batch, each reason in a few words; empty where it does not.
 * Aggregates and windows over lookups or lists alone do not count.
 */
export function perBatchReasons(query: Node, aggregates: ReadonlySet<string>): string[] {
  const reasons = new Set<string>();

  /** Adds the reasons of a query and those in it; answers how often it reads `source`. */
  const inspect = (part: Node, outer: Reads): number => {
    const reads = new Map(outer);
    for (const cte of ctesOf(part)) reads.set(cte.name.toLowerCase(), inspect(cte.query, reads));
    if (part["type"] === "SET_OPERATION_NODE") return inspectSetOperation(part, reads);
    if (part["type"] === "RECURSIVE_CTE_NODE") {
      const count =
        inspect(node(part["left"]), reads) +
        inspect(node(part["right"]), new Map(reads).set(text(part["cte_name"]).toLowerCase(), 0));
      if (count > 1) reasons.add("source joined with itself");
      return count;
    }
    let count = 0;
    for (const [key, child] of Object.entries(part)) if (key !== "cte_map") count += readsIn(child, reads);
    if (count > 1) reasons.add("source joined with itself");
    if (readsIn(part["from_table"] ?? null, reads) > 0) for (const reason of ownReasons(part, aggregates)) reasons.add(reason);
    return count;
  };

  const inspectSetOperation = (part: Node, reads: Reads): number => {
    const left = inspect(node(part["left"]), reads);
    const right = inspect(node(part["right"]), reads);
    const all = part["setop_all"] === true && text(part["setop_type"]).startsWith("UNION");
    if (left + right > 0 && !all) reasons.add(text(part["setop_type"]).replace("_BY_NAME", ""));
    if (left + right > 0) for (const reason of modifierReasons(part)) reasons.add(reason);
    return all ? Math.max(left, right) : left + right;
  };

  const readsIn = (value: NodeValue, reads: Reads): number => {
    if (Array.isArray(value)) return value.reduce<number>((sum, child) => sum + readsIn(child, reads), 0);
    if (!isNode(value)) return 0;
    if (isQuery(value)) return inspect(value, reads);
    if (value["type"] === "BASE_TABLE") {
      const cte = text(value["schema_name"]) === "" ? reads.get(text(value["table_name"]).toLowerCase()) : undefined;
      return cte ?? (isTable(value, sourceTable) ? 1 : 0);
    }
    return Object.values(value).reduce<number>((sum, child) => sum + readsIn(child, reads), 0);
  };

  inspect(query, new Map());
  return [...reasons];
}

function modifierReasons(query: Node): string[] {
  return nodes(query["modifiers"]).map((modifier) => {
    switch (modifier["type"]) {
      case "DISTINCT_MODIFIER":
        return "DISTINCT";
      case "ORDER_MODIFIER":
        return "ORDER BY";
      default:
        return "LIMIT";
    }
  });
}

/** Reasons that lie in a SELECT over `source` itself. */
function ownReasons(select: Node, aggregates: ReadonlySet<string>): string[] {
  const reasons = modifierReasons(select);
  if (aggregatesRows(select, aggregates)) reasons.push("aggregates");
  if (isNode(select["sample"])) reasons.push("samples");
  walkOwn(select, (part) => {
    if (part["class"] === "WINDOW") reasons.push("window functions");
    if (part["ref_type"] === "POSITIONAL") reasons.push("POSITIONAL JOIN");
    if (isNode(part["sample"])) reasons.push("samples");
  });
  return reasons;
}

/** True for a SELECT whose rows stand for groups of rows. */
export function aggregatesRows(select: Node, aggregates: ReadonlySet<string>): boolean {
  let found =
    nodes(select["group_expressions"]).length > 0 ||
    select["aggregate_handling"] !== "STANDARD_HANDLING" ||
    isNode(select["having"]);
  walkOwn(select, (part) => {
    if (part["class"] === "FUNCTION" && aggregates.has(text(part["function_name"]).toLowerCase())) found = true;
    if (part["type"] === "PIVOT" && nodes(part["aggregates"]).length > 0) found = true;
  });
  return found;
}

/** Why SQL cannot be used where each row has to say its record, and what to do. */
export const needsRecords =
  "each row has to come from one record here, and the SQL joins or sums up records (aggregates, DISTINCT, windows, self-joins): with load.streaming a split's rows are loaded on their own; use load.copy, or do this in the warehouse";
