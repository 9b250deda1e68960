import { type MetaColumn, metaColumns } from "./column.ts";
import { bareFunctions, isRefusedScalar, nondeterministic, tableFunctions } from "./functions.ts";
import { nearest } from "../crds/nearest.ts";
import { sameName } from "./sql-text.ts";
import { ctesOf, isNode, isQuery, isTable, type Node, type NodeValue, offsetOf, text } from "./statement.ts";

/** What a statement names, and what it may not. */
export interface Analysis {
  readonly meta: readonly MetaColumn[];
  /** Functions named whose answer is another each time, in lower case. */
  readonly nondeterministic: readonly string[];
  readonly refused: readonly Refusal[];
  readonly readsSource: boolean;
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
  let readsSource = false;
  const refuse = (part: Node, message: string): void => void refused.push({ message, offset: offsetOf(part) });

  const visit = (value: NodeValue, ctes: readonly string[]): void => {
    if (Array.isArray(value)) {
      for (const child of value) visit(child, ctes);
      return;
    }
    if (!isNode(value)) return;
    const scope = isQuery(value) ? [...ctes, ...ctesOf(value).map(({ name }) => name), text(value["cte_name"])] : ctes;
    inspect(value, scope);
    for (const child of Object.values(value)) visit(child, scope);
  };

  const inspect = (part: Node, ctes: readonly string[]): void => {
    switch (part["type"]) {
      case "BASE_TABLE": {
        const message = tableRefusal(part, [sourceTable, ...lookups, ...ctes.filter((name) => name !== "")]);
        if (message !== null) refuse(part, message);
        readsSource ||= isTable(part, sourceTable);
        break;
      }
      case "TABLE_FUNCTION":
        if (isNode(part["function"])) {
          const name = text(part["function"]["function_name"]).toLowerCase();
          if (!tableFunctions.has(name))
            refuse(
              part,
              `${name}(): a pipeline's SQL reads only source and its lookups; table functions it may call are ${[...tableFunctions].join(", ")}`,
            );
        }
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
    if (isRefusedScalar(name))
      refuse(
        part,
        `${name}(): it tells of the database or acts on it, which a pipeline's SQL may not; compute from the record's columns`,
      );
    if (nondeterministic.has(name)) volatile.add(name);
  };

  visit(query, []);
  const order = Object.keys(metaColumns) as MetaColumn[];
  return { meta: order.filter((name) => meta.has(name)), nondeterministic: [...volatile], refused, readsSource };
}

function tableRefusal(table: Node, known: readonly string[]): string | null {
  const name = text(table["table_name"]);
  if (known.some((candidate) => isTable(table, candidate))) return null;
  const shown = [text(table["catalog_name"]), text(table["schema_name"]), name].filter((part) => part !== "").join(".");
  const guess = known.find((candidate) => sameName(candidate, name)) ?? nearest(name, known);
  const tables = `tables are ${[...new Set(known)].join(", ")}`;
  return `there is no table ${shown}: ${guess === undefined ? `${tables}; to read something else, declare it under transform.lookups` : `did you mean ${guess}? (${tables})`}`;
}
