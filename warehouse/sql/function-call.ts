import { raw, type Node } from "./polyglot.ts";

/** A call as the statement wrote it. */
export interface FunctionCall {
  /** In upper case. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Which members of the library's own nodes are the arguments of which function. */
const ownNodes: Readonly<Record<string, readonly [name: string, members: readonly string[]]>> = {
  parse_json: ["PARSE_JSON", ["this"]],
  array_size: ["ARRAY_SIZE", ["this"]],
  array_contains: ["ARRAY_CONTAINS", ["this", "expression"]],
  day_of_week: ["DAYOFWEEK", ["this"]],
  array_append: ["ARRAY_APPEND", ["this", "expression"]],
  array_distinct: ["ARRAY_DISTINCT", ["this"]],
  initcap: ["INITCAP", ["this"]],
  nvl: ["NVL", ["this", "expression"]],
  contains: ["CONTAINS", ["this", "expression"]],
  starts_with: ["STARTSWITH", ["this", "expression"]],
  ends_with: ["ENDSWITH", ["this", "expression"]],
  random: ["RANDOM", []],
  rand: ["RANDOM", []],
  current_schemas: ["CURRENT_SCHEMAS", []],
  add_months: ["ADD_MONTHS", ["this", "expression"]],
  months_between: ["MONTHS_BETWEEN", ["this", "expression"]],
  nvl2: ["NVL2", ["this", "true_value", "false_value"]],
  regexp_like: ["REGEXP_LIKE", ["this", "pattern", "flags"]],
  list_agg: ["LISTAGG", ["this", "separator"]],
  string_agg: ["LISTAGG", ["this", "separator"]],
  hex: ["HEX_ENCODE", ["this"]],
  count_if: ["COUNT_IF", ["this"]],
  str_to_date: ["TO_DATE", ["this", "format"]],
  to_char: ["TO_CHAR", ["this", "format"]],
  to_json: ["TO_JSON", ["this"]],
  typeof: ["TYPEOF", ["this"]],
  type_of: ["TYPEOF", ["this"]],
};

/** The call that a node is; null for what is none. */
export function callOf(kind: string, body: Node): FunctionCall | null {
  if (kind === "function" || kind === "aggregate_function")
    return { name: String(body["name"]).toUpperCase(), args: (body["args"] ?? []) as readonly unknown[] };
  if (kind === "to_number") {
    const args = [body["this"], body["format"], body["precision"], body["scale"]].filter((arg) => (arg ?? null) !== null);
    return { name: isTrue(body["safe"]) ? "TRY_TO_NUMBER" : "TO_NUMBER", args };
  }
  if (kind === "date_diff") {
    const unit = raw(`'${String(body["unit"]).toLowerCase()}'`);
    return { name: "DATEDIFF", args: [unit, body["expression"], body["this"]] };
  }
  const own = ownNodes[kind];
  if (own === undefined) return null;
  return { name: own[0], args: own[1].map((member) => body[member]).filter((arg) => (arg ?? null) !== null) };
}

function isTrue(value: unknown): boolean {
  return value === true || JSON.stringify(value) === '{"boolean":{"value":true}}';
}
