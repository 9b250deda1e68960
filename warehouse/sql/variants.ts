import { literal } from "../engine/physical-name.ts";
import { bodyOf, expressionOf, type Node, raw, stringOf } from "./polyglot.ts";
import type { Rewriting } from "./rewriting.ts";
import { generate } from "./polyglot.ts";

const variantFunctions = new Set([
  "PARSE_JSON",
  "TRY_PARSE_JSON",
  "GET",
  "GET_PATH",
  "TO_VARIANT",
  "TO_OBJECT",
  "TO_ARRAY",
  "OBJECT_CONSTRUCT",
  "OBJECT_CONSTRUCT_KEEP_NULL",
  "ARRAY_CONSTRUCT",
  "ARRAY_AGG",
  "OBJECT_AGG",
  "OBJECT_KEYS",
  "STRIP_NULL_VALUE",
  "SPLIT",
]);
const textKinds = new Set(["upper", "lower", "concat", "trim", "substring", "replace", "list_agg", "l_trim", "r_trim"]);

/** True where an expression of Snowflake's surely answers a VARIANT, OBJECT or ARRAY. */
export function isVariant(value: unknown, rewriting: Rewriting): boolean {
  const expression = expressionOf(value);
  if (expression === null) return false;
  const [kind, body] = expression;
  if (kind === "paren") return isVariant(body["this"], rewriting);
  if (kind === "j_s_o_n_extract" || kind === "parse_json" || kind === "subscript") return true;
  if (kind === "dot") return isVariant(body["this"], rewriting);
  if (kind === "function" || kind === "aggregate_function") return variantFunctions.has(String(body["name"]).toUpperCase());
  if (kind !== "column") return false;
  const name = columnName(body);
  const known = rewriting.columns.get(name);
  if (known === undefined) return rewriting.flattens && (name === "VALUE" || name === "THIS");
  return known.every(({ type }) => type.kind === "VARIANT" || type.kind === "OBJECT" || type.kind === "ARRAY");
}

/** True where an expression surely answers a text. */
export function isText(value: unknown, rewriting: Rewriting): boolean {
  const expression = expressionOf(value);
  if (expression === null) return false;
  const [kind, body] = expression;
  if (stringOf(value) !== null || textKinds.has(kind)) return true;
  if (kind === "paren") return isText(body["this"], rewriting);
  if (kind === "parameter") return rewriting.scope.binds[Number(body["index"]) - 1]?.type === "TEXT";
  if (kind === "cast" || kind === "try_cast") return /char|text|string/.test(String((body["to"] as Node)["data_type"]));
  if (kind !== "column") return false;
  const known = rewriting.columns.get(columnName(body));
  return known !== undefined && known.every(({ type }) => type.kind === "VARCHAR");
}

/** True where an expression is a number as it is written. */
export function isNumber(value: unknown): boolean {
  return bodyOf(value, "literal")?.["literal_type"] === "number" || isNumber0(bodyOf(value, "neg"));
}

function isNumber0(body: Node | null): boolean {
  return body !== null && isNumber(body["this"]);
}

/** A rewritten variant as a text. */
export function asText(node: unknown): Node {
  return raw(`json_extract_string(${generate(node as Node)}, '$')`);
}

/** The JSON path of DuckDB for one of Snowflake's: `a.b[0]["c d"]` is `$."a"."b"[0]."c d"`. */
export function jsonPath(path: string): string {
  const steps = path.matchAll(
    /\[\s*(?:(?<index>\d+)|"(?<double>[^"]*)"|'(?<single>[^']*)')\s*\]|"(?<quoted>[^"]*)"|(?<plain>[^.[\]]+)/g,
  );
  let sql = "$";
  for (const { groups } of steps) {
    const key = groups!["double"] ?? groups!["single"] ?? groups!["quoted"] ?? groups!["plain"];
    sql += key === undefined ? `[${groups!["index"]}]` : `."${key}"`;
  }
  return literal(sql);
}

/** The name of a column as it is stored. */
export function columnName(body: Node): string {
  const { name, quoted } = body["name"] as { name: string; quoted?: boolean };
  return quoted === true ? name : name.toUpperCase();
}
