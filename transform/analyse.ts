import { type MetaColumn, metaColumns } from "./column.ts";
import { bareFunctions, isRefusedScalar, nondeterministic, tableFunctions } from "./functions.ts";
import { nearest } from "../crds/nearest.ts";
import { sameName } from "./sql-text.ts";
import { sizeMax, sizeOf } from "./literal-size.ts";
import {
  isNode,
  isPattern,
  isQuery,
  isTable,
  type Node,
  type NodeValue,
  node,
  nodes,
  offsetOf,
  text,
  walkOwn,
} from "./statement.ts";

/** What a statement names, and what it may not. */
export interface Analysis {
  readonly meta: readonly MetaColumn[];
  /** Functions named whose answer is another each time, in lower case. */
  readonly nondeterministic: readonly string[];
  readonly refused: readonly Refusal[];
  /** The FROM items that read `source`. */
  readonly sources: readonly Node[];
}
/** One thing the statement may not do, in a sentence with the fix. */
export interface Refusal {
  readonly message: string;
  /** 0-based byte in the SQL, where known. */
  readonly offset: number | null;
}

/** The table that a statement reads records from. */
export const sourceTable = "source";

/** Finds what a SELECT may not do, and which metadata columns it names. `lookups` are the tables it may read besides `source`. */
export function analyse(query: Node, lookups: readonly string[]): Analysis {
  const meta = new Set<MetaColumn>();
  const volatile = new Set<string>();
  const refused: Refusal[] = [];
  const sources: Node[] = [];
  const patterns: Node[] = [];
  /** Table functions: they give row by row and hold none. */
  const unmeasured = new Set<Node>();
  const refuse = (part: Node, message: string): void => void refused.push({ message, offset: offsetOf(part) });

  const inspect = (part: Node, ctes: readonly string[]): void => {
    switch (part["type"]) {
      case "BASE_TABLE": {
        const message = tableRefusal(part, [sourceTable, ...lookups, ...ctes.filter((name) => name !== "")]);
        if (message !== null) refuse(part, message);
        if (isSource(part, ctes)) sources.push(part);
        break;
      }
      case "TABLE_FUNCTION":
        if (isNode(part["function"])) {
          unmeasured.add(part["function"]);
          const message = tableFunctionRefusal(text(part["function"]["function_name"]).toLowerCase());
          if (message !== null) refuse(part, message);
        }
        break;
      case "SELECT_NODE":
        if (isNode(part["from_table"])) patterns.push(...patternsOver(part, ctes));
        break;
      case "SHOW_REF":
        refuse(part, "DESCRIBE, SHOW and SUMMARIZE are not possible in a pipeline: write a SELECT");
        break;
      case "VALUE_PARAMETER":
        refuse(part, "parameters ($1, ?) are not possible in a pipeline: write the value");
        break;
      case "COLUMN_REF":
        inspectColumn(part);
        break;
      default:
        if (part["class"] === "FUNCTION" || part["class"] === "WINDOW")
          inspectFunction(part, text(part["function_name"]).toLowerCase());
    }
  };

  const inspectColumn = (part: Node): void => {
    const names = Array.isArray(part["column_names"]) ? part["column_names"].map((name) => text(name).toLowerCase()) : [];
    for (const name of names.slice(0, 2)) if (name in metaColumns) meta.add(name as MetaColumn);
    if (names.length === 1 && bareFunctions.has(names[0]!)) inspectFunction(part, names[0]!);
  };
  const inspectFunction = (part: Node, name: string): void => {
    for (const message of functionRefusals(part, name, unmeasured.has(part))) refuse(part, message);
    if (nondeterministic.has(name)) volatile.add(name);
  };

  visitScoped(query, [], inspect);
  if (meta.size > 0) for (const part of patterns) refuse(part, patternRefusal([...meta]));
  const order = Object.keys(metaColumns) as MetaColumn[];
  return { meta: order.filter((name) => meta.has(name)), nondeterministic: [...volatile], refused, sources };
}

/** Calls `inspect` for all that is in a query, with the names of the CTEs in scope there. */
function visitScoped(value: NodeValue, ctes: readonly string[], inspect: (part: Node, ctes: readonly string[]) => void): void {
  if (Array.isArray(value)) {
    for (const child of value) visitScoped(child, ctes, inspect);
    return;
  }
  if (!isNode(value)) return;
  let scope = ctes;
  if (isQuery(value)) {
    // A CTE sees those before it only; another reading would let a later one lend its name to a table of the catalog.
    for (const entry of nodes(node(value["cte_map"])["map"])) {
      visitScoped(entry["value"] ?? null, scope, inspect);
      scope = [...scope, text(entry["key"])];
    }
    scope = [...scope, text(value["cte_name"])];
  }
  inspect(value, scope);
  for (const [key, child] of Object.entries(value)) if (key !== "cte_map") visitScoped(child, scope, inspect);
}

function isSource(part: Node, ctes: readonly string[]): boolean {
  return isTable(part, sourceTable) && !ctes.some((name) => sameName(name, sourceTable));
}

/** `COLUMNS` with a pattern in a SELECT that reads `source` itself. */
function patternsOver(select: Node, ctes: readonly string[]): Node[] {
  const patterns: Node[] = [];
  let reads = false;
  walkOwn(select, (part) => {
    reads ||= isSource(part, ctes);
    if (part["class"] === "STAR" && isPattern(part)) patterns.push(part);
  });
  return reads ? patterns : [];
}

function functionRefusals(part: Node, name: string, unmeasured: boolean): string[] {
  const size = unmeasured ? 1 : sizeOf(part);
  return [
    ...(isRefusedScalar(name)
      ? [`${name}(): it tells of the database or acts on it, which a pipeline's SQL may not; compute from the record's columns`]
      : []),
    ...(size > sizeMax
      ? [
          `${name}(): it makes a value of ${size} elements or characters, and ${sizeMax} is the most that a number in the SQL may ask for; make it smaller, or read rows FROM range(…)`,
        ]
      : []),
  ];
}

function tableFunctionRefusal(name: string): string | null {
  return tableFunctions.has(name)
    ? null
    : `${name}(): a pipeline's SQL reads only source and its lookups; table functions it may call are ${[...tableFunctions].join(", ")}`;
}

function patternRefusal(meta: readonly MetaColumn[]): string {
  return `COLUMNS with a pattern or a function would take in the metadata columns that the SQL names (${meta.join(", ")}): name the columns, or write COLUMNS(* EXCLUDE (…))`;
}

function tableRefusal(table: Node, known: readonly string[]): string | null {
  const name = text(table["table_name"]);
  if (known.some((candidate) => isTable(table, candidate))) return null;
  const shown = [text(table["catalog_name"]), text(table["schema_name"]), name].filter((part) => part !== "").join(".");
  const guess = known.find((candidate) => sameName(candidate, name)) ?? nearest(name, known);
  const tables = `tables are ${[...new Set(known)].join(", ")}`;
  return `there is no table ${shown}: ${guess === undefined ? `${tables}; to read something else, declare it under transform.lookups` : `did you mean ${guess}? (${tables})`}`;
}
